import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Session } from "chdb";
import { quoteText } from "../clients/clickhouse/sql-text.ts";

/**
 * The real ClickHouse engine, in this process, as the judge of what bytes and rows should be. One per test file: a
 * session takes half a second to start, a query a few milliseconds, so callers put many values into one query.
 */
export interface EngineOracle {
  /** Runs SQL that answers nothing. */
  run(sql: string): void;
  /** Runs SQL and returns the lines of a tab-separated answer. */
  lines(sql: string): string[];
  /** Runs SQL and returns the answer in this format. */
  bytes(sql: string, format: string): Uint8Array<ArrayBuffer>;
  /** Keeps bytes in a file that SQL can name; returns its path. */
  file(name: string, content: string | Uint8Array): string;
  close(): void;
}

export function openEngineOracle(): EngineOracle {
  const folder = mkdtempSync(join(tmpdir(), "millrace-oracle-"));
  const session = new Session(join(folder, "data"));
  function read(sql: string, format: string): Buffer {
    const path = join(folder, "answer");
    rmSync(path, { force: true });
    session.query(`${sql} INTO OUTFILE '${path}' FORMAT ${format}`);
    return readFileSync(path);
  }
  return {
    run: (sql) => void session.query(sql),
    lines: (sql) => read(sql, "TSV").toString("utf8").split("\n").slice(0, -1),
    bytes: (sql, format) => Uint8Array.from(read(sql, format)),
    file(name, content) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
    close() {
      session.cleanup();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the engine made of one JSON value: the RowBinary bytes in hex, and the value as ClickHouse prints it. */
export interface EngineValue {
  bytes: string;
  text: string;
}

/**
 * Reads `{"x": <value>}` for each value with JSONEachRow under a default server's settings. A value that the engine
 * refuses is undefined.
 */
export function readJsonEachRow(oracle: EngineOracle, type: string, jsonValues: string[]): (EngineValue | undefined)[] {
  const rows = jsonValues.map((value, index) => `{"i":${index},"x":${value}}`);
  const path = oracle.file("values.ndjson", rows.join("\n"));
  return answer(oracle, jsonValues.length, `file('${path}', JSONEachRow, ${structure(type)})`);
}

/** Reads rows of (UInt32 index, value) in RowBinary, as a server reads an insert. */
export function readRowBinary(
  oracle: EngineOracle,
  type: string,
  rows: Uint8Array,
  count: number,
): (EngineValue | undefined)[] {
  const path = oracle.file("values.bin", rows);
  return answer(oracle, count, `file('${path}', RowBinary, ${structure(type)})`);
}

function structure(type: string): string {
  return quoteText(`i UInt32, x ${type}`);
}

function answer(oracle: EngineOracle, count: number, source: string): (EngineValue | undefined)[] {
  const values: (EngineValue | undefined)[] = new Array(count).fill(undefined);
  // An Enum value that is no name can be read but not printed, hence the bytes alone for enums with such values.
  const lines = oracle.lines(
    `SELECT i, hex(formatRow('RowBinary', x)), toString(x) FROM ${source} ` +
      "SETTINGS max_threads = 1, input_format_parallel_parsing = 0, input_format_allow_errors_num = 1000000",
  );
  for (const line of lines) {
    const [index, bytes, text] = line.split("\t");
    values[Number(index)] = { bytes: bytes!, text: text!.replaceAll("\\'", "'") };
  }
  return values;
}
