import { quoteName, quoteText } from "../../clients/clickhouse/sql-text.ts";
import type { PlanColumn } from "../../schema/plan.ts";
import type { EngineOracle } from "../engine-oracle.ts";
import { readVarUInt } from "./var-uint.ts";

/**
 * What ClickHouse's own JSONEachRow reader makes of documents: the row's RowBinary bytes; `refused`; or `unjudged`, where
 * one document makes the engine give up on a whole file and asking again one by one would take too long.
 */
export type EngineVerdict = Uint8Array | "refused" | "unjudged";

/** The member put in front of each document, by which its row is known again. No generated key looks like it. */
const NUMBER_KEY = "__row_number";

/** Queries that one call may spend on finding the documents that end a query. */
const SPLITS_MAX = 400;

/** A default server's settings, but for the errors it may skip; the machine's own zone does not matter. */
const settings =
  "SETTINGS max_threads = 1, max_block_size = 1000000, input_format_parallel_parsing = 0, " +
  "input_format_allow_errors_num = 4000000000, allow_suspicious_low_cardinality_types = 1, session_timezone = 'UTC'";

/**
 * Reads documents, each a JSON object as text, thousands to a query: `input_format_allow_errors_num` lets the engine go
 * on after a refused one (it skips to the next line, and only white space between tokens can hold a line break), and
 * the number in front of each tells which are left.
 */
export function readDocuments(oracle: EngineOracle, columns: PlanColumn[], documents: string[]): EngineVerdict[] {
  const verdicts: EngineVerdict[] = new Array(documents.length).fill("refused");
  const lines = documents.map((text, index) => numbered(text, index + 1));
  let splits = 0;

  function read(from: number, to: number): void {
    try {
      for (const [number, bytes] of readLines(oracle, columns, lines.slice(from, to))) verdicts[number - 1] = bytes;
    } catch (error) {
      if (!isDataError(error)) throw error;
      // Only a parse error is skipped; any other ends the query. Halves find the document that it comes from.
      if (to - from === 1) return;
      if (splits++ > SPLITS_MAX) return void verdicts.fill("unjudged", from, to);
      const middle = (from + to) >> 1;
      read(from, middle);
      read(middle, to);
    }
  }

  if (documents.length > 0) read(0, documents.length);
  return verdicts;
}

/** Reads one record's bytes as they are, whatever they are: the only row of a file. */
export function readAlone(oracle: EngineOracle, columns: PlanColumn[], value: Uint8Array): EngineVerdict {
  try {
    const rows = parseRows(query(oracle, columns, value, "toUInt32(1)", ""));
    return rows.length === 1 ? rows[0]![1] : "refused";
  } catch (error) {
    if (!isDataError(error)) throw error;
    return "refused";
  }
}

/** The one row of a record's bytes as ClickHouse prints it, tab-separated; undefined when it has none. */
export function printAlone(oracle: EngineOracle, columns: PlanColumn[], value: Uint8Array): string | undefined {
  const path = oracle.file("alone.json", value);
  try {
    return oracle.lines(`SELECT * FROM file('${path}', JSONEachRow, ${quoteText(structure(columns))}) ${settings}`)[0];
  } catch {
    return undefined;
  }
}

function readLines(oracle: EngineOracle, columns: PlanColumn[], lines: string[]): [number, Uint8Array][] {
  const text = Buffer.from(lines.join("\n"));
  return parseRows(query(oracle, columns, text, quoteName(NUMBER_KEY), `${quoteName(NUMBER_KEY)} UInt32, `));
}

function query(
  oracle: EngineOracle,
  columns: PlanColumn[],
  text: Uint8Array,
  number: string,
  numberColumn: string,
): Uint8Array {
  const path = oracle.file("documents.json", text);
  const names = columns.map(({ name }) => quoteName(name)).join(", ");
  const from = `file('${path}', JSONEachRow, ${quoteText(numberColumn + structure(columns))})`;
  return oracle.bytes(`SELECT ${number}, formatRow('RowBinary', ${names}) FROM ${from} ${settings}`, "RowBinary");
}

function structure(columns: PlanColumn[]): string {
  return columns.map(({ name, type }) => `${quoteName(name)} ${type.text}`).join(", ");
}

/** The engine says no to data with a code of its own; anything else is a fault of the question. */
function isDataError(error: unknown): boolean {
  const text = String(error);
  return !/SYNTAX_ERROR|UNKNOWN_TYPE|UNKNOWN_IDENTIFIER|UNKNOWN_SETTING|ILLEGAL_|FILE_DOESNT_EXIST|MEMORY_LIMIT/.test(
    text,
  );
}

function numbered(text: string, number: number): string {
  const open = text.indexOf("{") + 1;
  const isEmpty = /^[ \t\r\n]*\}/.test(text.slice(open));
  return `${text.slice(0, open)}"${NUMBER_KEY}":${number}${isEmpty ? "" : ","}${text.slice(open)}`;
}

/** Rows of (UInt32, String). A number of 0 is the rest of a refused document that happened to be one itself. */
function parseRows(bytes: Uint8Array): [number, Uint8Array][] {
  const rows: [number, Uint8Array][] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const cursor = { bytes, offset: 0 };
  while (cursor.offset < bytes.length) {
    const number = view.getUint32(cursor.offset, true);
    cursor.offset += 4;
    const end = readVarUInt(cursor) + cursor.offset;
    if (number > 0) rows.push([number, bytes.slice(cursor.offset, end)]);
    cursor.offset = end;
  }
  return rows;
}
