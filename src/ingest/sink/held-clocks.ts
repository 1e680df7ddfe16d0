import type { InsertErrorClass } from "../../clients/clickhouse/diagnose-insert.ts";
import { isServerError } from "../../clients/clickhouse/server-error.ts";
import { quoteName, quoteText } from "../../clients/clickhouse/sql-text.ts";
import type { SinkBatch } from "./batch.ts";
import type { ClockColumn } from "./insert-column.ts";
import { memberRowsOf } from "./member-rows.ts";
import type { Piece } from "./pieces.ts";
import { keyOfRows, type RowKey } from "./row-key.ts";
import { rowsCondition } from "./stored-rows.ts";

/** Names that no table's column has. */
const HELD = "millrace_held_clocks";
const ROW = "millrace_held_row";
const KEY = "millrace_row_key";

/**
 * Columns that a repeat fills with what the table holds already for the same rows.
 *
 * An insert that the server did not finish can have left its rows in the table and nothing behind a view. The repeat
 * adds no rows, but the view is run over the repeat's: with a new reading of a clock it would count by a time that the
 * table's rows do not have.
 */
export interface HeldClocks {
  /** Columns that the server's clock fills. All rows of one insert have one reading, so one value stands for all. */
  columns: readonly ClockColumn[];
  /**
   * Names of columns of the insert that the ingester's clock filled, perhaps another ingester's this time. They differ
   * by record batch, so each row has its own value looked up, by its key.
   */
  ingesterClocks: readonly string[];
  key: RowKey;
  /** The condition that finds the rows of the insert in the table. */
  rows: string;
}

/** For a repeat of the piece; undefined when there is nothing to look for, or no way to find it. */
export function heldClocksOf(batch: SinkBatch, piece: Piece): HeldClocks | undefined {
  const { clockDefaults = [], ingesterClocks = [], coordinates } = batch;
  if (clockDefaults.length + ingesterClocks.length === 0 || coordinates === undefined) return undefined;
  const rows = memberRowsOf(batch, piece);
  const key = keyOfRows(coordinates, rows);
  return { columns: clockDefaults, ingesterClocks, key, rows: rowsCondition(coordinates, rows) };
}

/**
 * The query for what the table holds, one tuple: the keys, an array for each of `ingesterClocks` beside them, and the
 * reading of each of `columns`, NULL for none. `share`: the condition of a piece by table partitions, with its AND; the
 * other pieces have readings of their own.
 *
 * The earliest of each: a dead letter that was replayed in between is younger than the rows around it. Keys and times
 * are collected in tuples, because groupArray() passes over a NULL.
 */
export function heldClocksQuery(table: string, heldClocks: HeldClocks, share = ""): string {
  const { columns, ingesterClocks, key, rows } = heldClocks;
  const clocks = [...ingesterClocks, ...columns.map(({ name }) => name)].map((name) => `min(${quoteName(name)})`);
  const lists = ["", ...ingesterClocks].map((_, index) => `tupleElement(groupArray(${ROW}), ${index + 1})`);
  const readings = columns.map((_, index) => `minOrNull(tupleElement(${ROW}, ${lists.length + index + 1}))`);
  const perRow =
    `SELECT tuple(${[key.expression, ...clocks].join(", ")}) AS ${ROW} FROM ${table} ` +
    `WHERE ${share}${rows} GROUP BY ${key.group}`;
  return `SELECT tuple(${[...lists, ...readings].join(", ")}) FROM (${perRow})`;
}

/**
 * Words for the SELECT of a repeat: `lookup` stands before it and is a constant to the server, found once and before it
 * reads the body; then what stands for a column of the body, and the values of `columns`.
 *
 * transform() hashes the keys, and leaves the rows in their one block and in their order, which a JOIN would not
 * promise: each block has a part of the token. With 200,000 rows held and sent, each column took 0.2 s.
 */
export function heldClocksWords(table: string, heldClocks: HeldClocks, share: string) {
  const { columns, ingesterClocks, key } = heldClocks;
  const keyWord = key.isLong ? KEY : key.expression;
  const found = (index: number) => `tupleElement(${HELD}, ${index + 1})`;
  const readings = columns.map(({ expression, type }, index) => {
    const now = `CAST(${expression}, ${quoteText(type.text)})`;
    return `ifNull(${found(1 + ingesterClocks.length + index)}, ${now})`;
  });
  return {
    lookup: `WITH (${heldClocksQuery(table, heldClocks, share)}) AS ${HELD}${key.isLong ? `, ${key.expression} AS ${KEY}` : ""}`,
    wordFor(name: string): string {
      const index = ingesterClocks.indexOf(name);
      const own = quoteName(name);
      return index < 0 ? own : `transform(${keyWord}, ${found(0)}, ${found(1 + index)}, ${own})`;
    },
    readings,
  };
}

/** Time, and the limits of a profile on what a query may read. */
const lookupLimits = [
  "TIMEOUT_EXCEEDED",
  "TOO_SLOW",
  "TOO_MANY_ROWS",
  "TOO_MANY_BYTES",
  "TOO_MANY_ROWS_OR_BYTES",
] as const;

/**
 * Whether an attempt may have failed for what it looked up: the user may not SELECT, a column is gone, the table is too
 * large. Storing the rows comes first, so the next attempt goes without.
 */
export function isLookupFailure(error: unknown, errorClass: InsertErrorClass): boolean {
  if (errorClass === "fatal") return true;
  return isServerError(error, ...lookupLimits);
}
