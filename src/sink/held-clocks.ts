import { ClickHouseError } from "@clickhouse/client";
import { quoteName, quoteText } from "../core/sql-text.ts";
import type { SinkBatch } from "./batch.ts";
import type { InsertErrorClass } from "./error-class.ts";
import type { InsertColumn } from "./insert.ts";
import type { Piece } from "./pieces.ts";
import { offsetsCondition } from "./stored-rows.ts";

/** A column that the insert leaves out and whose DEFAULT is the server's clock; a ClockDefault of the plan is one. */
export interface ClockColumn extends InsertColumn {
  /** As ClickHouse prints it. */
  expression: string;
}

/**
 * Columns that a repeat fills with what the table holds already for the same rows.
 *
 * An insert that the server did not finish can have left its rows in the table and nothing behind a view. The repeat
 * adds no rows, but the view is run over the repeat's: with a new reading of the clock it would count by a time that
 * the table's rows do not have. All rows of one insert have one reading, so one value stands for all.
 */
export interface HeldClocks {
  columns: readonly ClockColumn[];
  /** The condition that finds the rows of the insert in the table. */
  rows: string;
}

/** For a repeat of the piece; undefined when there is nothing to look for, or no way to find it. */
export function heldClocksOf(batch: SinkBatch, { from, to }: Piece): HeldClocks | undefined {
  const { clockDefaults = [], coordinates } = batch;
  if (clockDefaults.length === 0 || coordinates === undefined) return undefined;
  const rows = offsetsCondition(batch, coordinates, batch.offsets.subarray(from, to));
  return { columns: clockDefaults, rows };
}

/**
 * The query for the reading that the table holds, NULL for none. `share`: the condition of a part by table partitions,
 * with its AND; the other parts have readings of their own.
 *
 * The earliest: a dead letter that was replayed in between is younger than the rows around it.
 */
export function heldReadingQuery(table: string, { name }: ClockColumn, rows: string, share = ""): string {
  return `SELECT minOrNull(${quoteName(name)}) FROM ${table} WHERE ${share}${rows}`;
}

/** The value of the column in the repeat: a constant to the server, found before it reads the body. */
export function heldReading(table: string, column: ClockColumn, rows: string, share: string): string {
  const now = `CAST(${column.expression}, ${quoteText(column.type.text)})`;
  return `ifNull((${heldReadingQuery(table, column, rows, share)}), ${now})`;
}

/** TIMEOUT_EXCEEDED, TOO_SLOW, and the limits of a profile on what a query may read. */
const lookupLimits = new Set(["158", "159", "160", "307", "396"]);

/**
 * Whether an attempt may have failed for what it looked up: the user may not SELECT, a column is gone, the table is too
 * large. Storing the rows comes first, so the next attempt goes without.
 */
export function isLookupFailure(error: unknown, errorClass: InsertErrorClass): boolean {
  if (errorClass === "fatal") return true;
  return error instanceof ClickHouseError && lookupLimits.has(error.code);
}
