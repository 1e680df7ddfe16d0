import type { InsertErrorClass } from "../../clients/clickhouse/diagnose-insert.ts";

/** What the sink tells while it stores. Only `onRetry` has to be heard. */
export interface SinkEvents {
  /** An insert failed and will be tried again under the same token after `delayMs`. `attempt` counts from 1. */
  onRetry(table: string, error: unknown, attempt: number, delayMs: number, errorClass: InsertErrorClass): void;
  /** ClickHouse has acknowledged an insert, `durationMs` after it was sent. */
  onStored?(table: string, insert: { rowCount: number; byteLength: number; durationMs: number }): void;
  /** An insert into the table was stored, after others had failed. */
  onRecovered?(table: string): void;
  /** ClickHouse is overloaded: all inserts into the table pause for `delayMs`, and then `insertsMax` of them run at once. */
  onSlowDown?(table: string, error: unknown, delayMs: number, insertsMax: number): void;
  /** An insert began after its deadline and wrote nothing. It goes again with a new one. */
  onLate?(table: string, token: string, deadlineMs: number): void;
  /**
   * A block touches more table partitions than an insert may: it goes again in `pieceCount` pieces, or, for a view's
   * table, whole.
   */
  onSplit?(table: string, token: string, pieceCount: number): void;
  /** The table's columns are not what they were; the rows fit all the same. `changes`: one text a column. */
  onAltered?(table: string, changes: string[]): void;
  /** The table may have forgotten the token of this repeat: only rows that it does not have are sent into it. */
  onForgotten?(table: string, token: string): void;
  /** The server refuses for its data what it has stored already, before the table was altered: nothing is to be done. */
  onFoundStored?(table: string, token: string): void;
}
