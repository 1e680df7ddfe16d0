import { nodeInflaters } from "../../../workers/inflaters.ts";
import { loadKernelModule } from "../../../workers/kernel-module.ts";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { createKernelTranscoder } from "../../codec/kernel/transcoder.ts";
import { createReferenceTranscoder } from "../../codec/reference/transcoder.ts";
import { column, makePlan } from "../../codec/testing/plan.ts";
import { makeBatch, text } from "../../codec/testing/record-batch.ts";
import { makeTask, STARTED_MS } from "../../codec/testing/task.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import type { EngineOracle } from "../engine-oracle.ts";
import { readVarUInt } from "./var-uint.ts";

/** Bytes of values of one type as the engine writes them, as ours write them, and what the engine makes of ours. */

const settings =
  "SETTINGS max_threads = 1, max_block_size = 1000000, allow_suspicious_low_cardinality_types = 1, " +
  "session_timezone = 'UTC'";

const module = loadKernelModule();
const RECORDS_A_BATCH = 10_000;

export type GoldenFormat = "RowBinary" | "Native";

/** The rows of a SELECT in this format, in one block. */
export function engineBytes(oracle: EngineOracle, select: string, format: GoldenFormat): Uint8Array {
  return oracle.bytes(`${select} ${settings}`, format);
}

/**
 * A Native block of one column, taken apart. The engine calls a DateTime with a zone plainly `DateTime`, for the sake of
 * clients of 2018; every other type by its name.
 */
export function nativeParts(block: Uint8Array): { counts: Uint8Array; name: string; type: string; data: Uint8Array } {
  const cursor = { bytes: block, offset: 0 };
  const text = () => {
    const length = readVarUInt(cursor);
    cursor.offset += length;
    return new TextDecoder().decode(block.subarray(cursor.offset - length, cursor.offset));
  };
  readVarUInt(cursor);
  readVarUInt(cursor);
  const counts = block.subarray(0, cursor.offset);
  const [name, type] = [text(), text()];
  return { counts, name, type: type.replace(/^DateTime\(.*$/, "DateTime"), data: block.subarray(cursor.offset) };
}

/** `SELECT` of SQL values of a type, in their order, as column `c0`. */
export function selectOf(type: string, sql: string[]): string {
  return `SELECT arrayJoin(CAST([${sql.join(", ")}], ${quoteText(`Array(${type})`)})) AS c0`;
}

export interface GoldenRows {
  transcoder: "kernel" | "reference";
  bytes: Uint8Array;
}

/** `{"c0": value}` for each JSON value, through both transcoders. @throws Error when one of them rejects a value. */
export function ownRows(type: string, json: string[], format: GoldenFormat): GoldenRows[] {
  const plan = makePlan({ columns: [column("c0", parseColumnType(type), { timeFormat: "auto" })] });
  const batches: Uint8Array[] = [];
  for (let baseOffset = 0; baseOffset < json.length; baseOffset += RECORDS_A_BATCH) {
    const part = json.slice(baseOffset, baseOffset + RECORDS_A_BATCH);
    batches.push(
      makeBatch(
        part.map((value) => ({ value: text(`{"c0":${value}}`) })),
        { baseOffset },
      ),
    );
  }
  const transcoders = {
    kernel: createKernelTranscoder(plan, nodeInflaters, module),
    reference: createReferenceTranscoder(plan, nodeInflaters),
  };
  return (["kernel", "reference"] as const).map((transcoder) => {
    const task = makeTask(batches, { format: format === "Native" ? "native" : "rows" });
    const { rows, counts } = transcoders[transcoder].run(task, () => STARTED_MS);
    if (rows.rowCount !== json.length) {
      throw new Error(
        `${transcoder} made ${rows.rowCount} rows of ${json.length}: ${JSON.stringify(counts.deadByType)}`,
      );
    }
    return { transcoder, bytes: rows.bytes };
  });
}

/** Inserts bytes into a table of one column of this type and returns the rows that it then holds, as RowBinary. */
export function storedRows(oracle: EngineOracle, type: string, bytes: Uint8Array, format: GoldenFormat): Uint8Array {
  const path = oracle.file("own-bytes.bin", bytes);
  oracle.run("DROP TABLE IF EXISTS golden");
  oracle.run(`CREATE TABLE golden (c0 ${type}) ENGINE = Memory ${settings}`);
  oracle.run(`INSERT INTO golden FROM INFILE '${path}' COMPRESSION 'none' ${settings} FORMAT ${format}`);
  return engineBytes(oracle, "SELECT c0 FROM golden", "RowBinary");
}

/** `same`, or the place of the first different byte with what lies around it: whole megabytes nobody can print. */
export function compareBytes(found: Uint8Array, wanted: Uint8Array): string {
  if (Buffer.compare(found, wanted) === 0) return "same";
  const place = found.findIndex((byte, index) => byte !== wanted[index]);
  const from = Math.max(0, (place < 0 ? found.length : place) - 16);
  const around = (bytes: Uint8Array) => Buffer.from(bytes.subarray(from, from + 48)).toString("hex");
  return `from byte ${from}: ${around(found)} (${found.length} bytes), the engine ${around(wanted)} (${wanted.length} bytes)`;
}
