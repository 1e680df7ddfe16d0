import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { MillraceError } from "../core/errors.ts";
import { classifyInsertError, refusalType, remedyFor } from "./error-class.ts";
import { insertOnce } from "./insert.ts";

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 10_000;

/** Rows of one range of one partition, for one table. */
export interface SinkBatch {
  table: string;
  columns: readonly string[];
  format: string;
  topic: string;
  partition: number;
  bytes: Uint8Array;
  rowCount: number;
  /** Byte offset of each row, and the total behind the last; empty for a format that cannot be cut by rows. */
  rowStarts: Uint32Array;
  /** Kafka offset of each row. */
  offsets: Float64Array;
}

/** A row that the server refuses, alone. */
export interface Refusal {
  offset: number;
  errorType: string;
  errorMessage: string;
}

/** How a batch ended. */
export interface StoreOutcome {
  refusals: Refusal[];
  /** The server refused the batch for its data and it cannot be cut: nothing of it is stored. The server's answer. */
  refusedWhole: unknown;
  /** When its first insert was sent, after the wait for a free place; ms since 1970. */
  sentMs: number;
  /**
   * Whether the batch's bytes may be overwritten: its first insert was acknowledged, so the server has read the body to
   * its end. After a repeat or a refusal a socket may still hold a part of an earlier one.
   */
  isBodyRead: boolean;
}

export interface SinkEvents {
  /** An insert failed and will be tried again after `delayMs`. */
  onRetry(table: string, error: unknown, attempt: number, delayMs: number): void;
}

export interface Sink {
  /**
   * Stores the rows. Returns those that the server refuses for their data; all others are durable then.
   *
   * The token is `topic:partition:first-last`; a part of a refused insert carries the offsets of its own first and last
   * row, so that a replay of the same range cuts at the same places and finds the same tokens. A batch that cannot be
   * cut comes back as `refusedWhole`, to be stored again by rows, under the same tokens.
   *
   * @throws MillraceError E_CLICKHOUSE when no retry can help, and the signal's reason when it aborts.
   */
  store(batch: SinkBatch, firstOffset: number, lastOffset: number): Promise<StoreOutcome>;
}

/** One sink for all tables. At most `insertsMax` inserts run at once; the others wait in order. */
export function createSink(
  client: ClickHouseClient,
  options: { insertsMax: number; signal: AbortSignal },
  events: SinkEvents,
): Sink {
  const waiting: (() => void)[] = [];
  let free = options.insertsMax;

  async function acquire(): Promise<void> {
    if (free > 0) {
      free -= 1;
      return;
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function release(): void {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }

  /** Rows `from … to` (exclusive) under their token, retried until stored, refused (then the error) or hopeless. */
  async function insertRows(batch: SinkBatch, from: number, to: number, token: string): Promise<InsertOutcome> {
    const { rowStarts } = batch;
    const bytes = rowStarts.length === 0 ? batch.bytes : batch.bytes.subarray(rowStarts[from], rowStarts[to]);
    const body = { ...batch, bytes };
    for (let attempt = 1; ; attempt += 1) {
      options.signal.throwIfAborted();
      try {
        await insertOnce(client, body, token);
        return { refused: undefined, attempts: attempt };
      } catch (error) {
        const errorClass = classifyInsertError(error);
        if (errorClass === "data") return { refused: error, attempts: attempt };
        if (errorClass === "fatal") throw hopeless(batch.table, error);
        const delayMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (attempt - 1));
        events.onRetry(batch.table, error, attempt, delayMs);
        await sleep(delayMs, undefined, { signal: options.signal });
      }
    }
  }

  /** What becomes of rows that are refused as a whole: the halves, the halves of those, until each refused row is alone. */
  async function bisect(batch: SinkBatch, from: number, to: number, refused: unknown): Promise<Refusal[]> {
    if (to - from === 1) {
      const errorMessage = refused instanceof Error ? refused.message : String(refused);
      return [{ offset: batch.offsets[from]!, errorType: refusalType(refused), errorMessage }];
    }
    const middle = from + Math.floor((to - from) / 2);
    const refusals: Refusal[] = [];
    for (const [first, last] of [
      [from, middle],
      [middle, to],
    ] as const) {
      const part = tokenOf(batch, batch.offsets[first]!, batch.offsets[last - 1]!);
      const outcome = await insertRows(batch, first, last, part);
      if (outcome.refused !== undefined) refusals.push(...(await bisect(batch, first, last, outcome.refused)));
    }
    return refusals;
  }

  return {
    async store(batch, firstOffset, lastOffset) {
      const stored = { refusals: [], refusedWhole: undefined, isBodyRead: true };
      if (batch.rowCount === 0) return { ...stored, sentMs: Date.now() };
      await acquire();
      const sentMs = Date.now();
      try {
        const token = tokenOf(batch, firstOffset, lastOffset);
        const { refused, attempts } = await insertRows(batch, 0, batch.rowCount, token);
        const outcome = { ...stored, sentMs, isBodyRead: refused === undefined && attempts === 1 };
        if (refused === undefined) return outcome;
        if (batch.rowStarts.length === 0) return { ...outcome, refusedWhole: refused };
        return { ...outcome, refusals: await bisect(batch, 0, batch.rowCount, refused) };
      } finally {
        release();
      }
    },
  };
}

interface InsertOutcome {
  /** The server's error, when it refuses the rows for their data. */
  refused: unknown;
  attempts: number;
}

function tokenOf(batch: SinkBatch, firstOffset: number, lastOffset: number): string {
  return `${batch.topic}:${batch.partition}:${firstOffset}-${lastOffset}`;
}

function hopeless(table: string, error: unknown): MillraceError {
  const text = error instanceof Error ? error.message : String(error);
  return new MillraceError("E_CLICKHOUSE", `Cannot insert into ${table}: ${text.trim()} — ${remedyFor(error)}`, {
    cause: error,
  });
}
