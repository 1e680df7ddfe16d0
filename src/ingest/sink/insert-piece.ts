import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient, ClickHouseSettings } from "@clickhouse/client";
import { diagnoseInsertError, type InsertDiagnosis } from "../../clients/clickhouse/diagnose-insert.ts";
import { jitteredPauseMs, type PauseBounds } from "../../core/backoff.ts";
import { MillraceError } from "../../core/errors.ts";
import type { Lease } from "../../core/lease.ts";
import type { SinkBatch } from "./batch.ts";
import type { SinkEvents } from "./events.ts";
import { ForgottenTokens, type RowsWanted } from "./forgotten-token.ts";
import { type HeldClocks, heldClocksOf, isLookupFailure } from "./held-clocks.ts";
import { type InsertBody, insertOnce, isAlteredError, isLateError } from "./insert.ts";
import { readNewerSettings } from "./insert-settings.ts";
import { memberRowsOf, whereOf } from "./member-rows.ts";
import type { Piece } from "./pieces.ts";
import { type TableShape, TableShapes } from "./table-shape.ts";
import type { TableStates } from "./table-states.ts";

/** One piece of one batch, with its token. */
export interface PieceInsert {
  batch: SinkBatch;
  piece: Piece;
  token: string;
  lease: Lease;
  /** The piece, or what it was cut from, may have been sent before. */
  isRepeat: boolean;
  /** How often an error that nobody has judged is answered by the same insert once more. */
  doubtsMax: number;
  /** Called when the first attempt is about to be sent, after the wait for a free place. */
  onSent(): void;
}

/** `refused`: for the data in it, as it seems when it is doubtful. `split`: for the number of its table partitions. Neither has written anything. */
export type PieceOutcome =
  | { end: "stored"; attempts: number }
  | { end: "refused"; error: unknown; attempts: number; isDoubtful: boolean }
  | { end: "split"; error: unknown; attempts: number };

type Attempt =
  | { end: "stored" }
  | { end: "late"; deadlineMs: number }
  | { end: "unclear" }
  | { end: "altered"; error: unknown }
  | { end: "failed"; error: unknown };

/** Stores a piece, repeating it under its token until it is stored, refused, or hopeless. */
export type PieceInserter = (insert: PieceInsert) => Promise<PieceOutcome>;

export function createPieceInserter(
  client: ClickHouseClient,
  tables: TableStates,
  options: {
    bounds: PauseBounds;
    partitionsMax: number;
    allowsDuplicates: boolean;
    signal: AbortSignal;
  },
  events: SinkEvents,
): PieceInserter {
  const { bounds, signal } = options;
  const forgotten = new ForgottenTokens(client, options.allowsDuplicates);
  const shapes = new TableShapes(client, (table, changes) => events.onAltered?.(table, changes));
  let newer: Promise<ClickHouseSettings> | undefined;

  /** Errors of the lease, and columns that the rows do not fit any more, are thrown: they are not the server's, and no attempt follows them. */
  async function attempt(
    { batch, piece, token, lease }: PieceInsert,
    partitionsMax: number | undefined,
    isLoud: boolean,
    heldClocks: HeldClocks | undefined,
    doubtedSinceMs: number | undefined,
  ): Promise<Attempt> {
    let newerSettings: ClickHouseSettings;
    let shape: TableShape;
    let wanted: RowsWanted | undefined;
    try {
      newer ??= readNewerSettings(client);
      newerSettings = await newer;
      shape = await shapes.fitting(batch.table, batch.columns);
      if (doubtedSinceMs !== undefined) wanted = await forgotten.wantedOf(batch, piece, token, doubtedSinceMs);
    } catch (error) {
      if (error instanceof MillraceError) throw error;
      newer = undefined;
      return { end: "failed", error };
    }
    const deadlineMs = await lease.deadlineMs();
    signal.throwIfAborted();
    const share = piece.shareCount === 1 ? undefined : { partitionKey: batch.partitionKey, ...piece };
    const mayBeEmpty = isLoud || wanted !== undefined;
    const terms = { token, deadlineMs, share, partitionsMax, isLoud: mayBeEmpty, absentOnly: wanted?.condition };
    const body = bodyOf(batch, piece);
    try {
      if (wanted?.isForgotten) events.onForgotten?.(batch.table, token);
      const sentMs = performance.now();
      const writtenRows = await insertOnce(client, body, { ...terms, shape, newerSettings, heldClocks });
      if (mayBeEmpty || Number(writtenRows) > 0) return toldStored(events, body, sentMs);
      return writtenRows === undefined ? { end: "unclear" } : { end: "late", deadlineMs };
    } catch (error) {
      if (isAlteredError(error)) return { end: "altered", error };
      return isLateError(error) ? { end: "late", deadlineMs } : { end: "failed", error };
    }
  }

  /** Tells of the failure; returns how long this insert alone has to wait, in ms. */
  function noteFailure(batch: SinkBatch, error: unknown, failures: number, { class: errorClass }: InsertDiagnosis) {
    // Another server may answer next, of another version.
    newer = undefined;
    tables.noteFailure(batch.table, error);
    const pace = tables.paceOf(batch.table);
    const isPaced = errorClass === "overload" || errorClass === "disk";
    const delayMs = isPaced ? pace.slowDown() : jitteredPauseMs(failures, bounds);
    if (errorClass === "overload") events.onSlowDown?.(batch.table, error, delayMs, pace.allowed);
    events.onRetry(batch.table, error, failures, delayMs, errorClass);
    // Then everybody pauses in the pace.
    return isPaced ? 0 : delayMs;
  }

  return async (insert) => {
    const { batch, token } = insert;
    const pace = tables.paceOf(batch.table);
    const firstSentMs = batch.announcedMs ?? Date.now();
    const isDivisible = isDivisibleFormat(batch.format) && batch.partitionKey !== "";
    let partitionsMax = isDivisible ? options.partitionsMax : undefined;
    // A piece may have no row, and then writes none in time either.
    let isLoud = insert.piece.shareCount > 1;
    let canLookUp = true;
    let failures = 0;
    let lateCount = 0;
    let alteredCount = 0;
    let doubts = 0;
    for (let attempts = 1; ; attempts += 1) {
      let delayMs = 0;
      await pace.enter(attempts > 1);
      try {
        if (attempts === 1) insert.onSent();
        const isRepeat = insert.isRepeat || attempts > 1;
        const heldClocks = isRepeat && canLookUp ? heldClocksOf(batch, insert.piece) : undefined;
        const doubtedSinceMs = isRepeat || batch.absentOnly === true ? firstSentMs : undefined;
        const outcome = await attempt(insert, partitionsMax, isLoud, heldClocks, doubtedSinceMs);
        if (outcome.end === "stored") {
          tables.noteStored(batch.table);
          return { end: "stored", attempts };
        }
        if (outcome.end === "unclear") {
          // Somebody between has taken the summary away. The same again, in words that no proxy takes away.
          isLoud = true;
        } else if (outcome.end === "altered") {
          shapes.forget(batch.table);
          alteredCount += 1;
          // Once at once: that was one ALTER. `onAltered` tells of it.
          if (alteredCount > 1) {
            delayMs = jitteredPauseMs(alteredCount, bounds);
            events.onRetry(batch.table, outcome.error, alteredCount, delayMs, "retry");
          }
        } else if (outcome.end === "late") {
          events.onLate?.(batch.table, token, outcome.deadlineMs);
          lateCount += 1;
          // Once at once: this process slept. After that the clocks disagree, and the lease has to learn it.
          if (lateCount > 1) delayMs = jitteredPauseMs(lateCount, bounds);
        } else {
          const { error } = outcome;
          const diagnosis = diagnoseInsertError(error);
          if (diagnosis.class === "doubtful") doubts += 1;
          const isDoubtful = doubts > insert.doubtsMax;
          if (diagnosis.class === "data" || isDoubtful) return { end: "refused", error, attempts, isDoubtful };
          if (heldClocks !== undefined && isLookupFailure(error, diagnosis.class)) {
            canLookUp = false;
            failures += 1;
            events.onRetry(batch.table, error, failures, 0, diagnosis.class);
          } else if (diagnosis.class === "fatal" || diagnosis.class === "view") {
            throw hopeless(insert, error);
          } else if (diagnosis.class === "split" && partitionsMax !== undefined) {
            if (diagnosis.view === undefined) return { end: "split", error, attempts };
            // A view's table: our rows are stored under this token, and pieces of them under others would be doubles.
            partitionsMax = undefined;
            events.onSplit?.(batch.table, token, 1);
          } else {
            failures += 1;
            delayMs = noteFailure(batch, error, failures, diagnosis);
          }
        }
      } finally {
        pace.leave();
      }
      if (delayMs > 0) await sleep(delayMs, undefined, { signal });
    }
  };
}

/**
 * RowBinaryOptional was not cut by table partitions before its inserts had a SELECT: a range of that time, stored whole,
 * would be doubled by its pieces when it is repeated.
 */
function isDivisibleFormat(format: string): boolean {
  return format !== "RowBinaryOptional";
}

function toldStored(events: SinkEvents, { table, rowCount, bytes }: InsertBody, sentMs: number): Attempt {
  events.onStored?.(table, { rowCount, byteLength: bytes.length, durationMs: performance.now() - sentMs });
  return { end: "stored" };
}

function bodyOf(batch: SinkBatch, { firstRow, endRow }: Piece): InsertBody {
  const { rowStarts } = batch;
  const bytes = rowStarts.length === 0 ? batch.bytes : batch.bytes.subarray(rowStarts[firstRow], rowStarts[endRow]);
  return { table: batch.table, columns: batch.columns, format: batch.format, bytes, rowCount: endRow - firstRow };
}

/** Nothing that Millrace can do makes the server take it. */
export function hopeless(
  { batch, piece, token }: Pick<PieceInsert, "batch" | "piece" | "token">,
  error: unknown,
): MillraceError {
  // The token of a bundle does not say of which records it is.
  const where = batch.bundleId === undefined ? "" : ` (${whereOf(memberRowsOf(batch, piece))})`;
  const { reason, remedy } = diagnoseInsertError(error);
  const text = error instanceof Error ? error.message.trim() : String(error);
  return new MillraceError(
    "E_CLICKHOUSE",
    `Cannot insert ${token}${where} into ${batch.table}: ${text} — ${reason}; ${remedy}`,
    {
      cause: error,
    },
  );
}
