import { setTimeout as sleep } from "node:timers/promises";
import { jitteredPauseMs } from "../../core/backoff.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import type { PartitionRange } from "../../core/topic-partition.ts";
import { unlessAborted, within } from "../../core/within.ts";
import type { FetchedBatch } from "./fetched-batch.ts";
import { type LogAnswer, type PartitionLogs, READ_COMMITTED, READ_UNCOMMITTED } from "./partition-log.ts";
import { toRawBatch } from "./raw-batch-of.ts";

/** What the log has of a range. */
export interface RangeRead {
  /**
   * Ascending, in memory of their own. The first may begin before the range, the last end after it. Each answers for the
   * offsets from its `fetchOffset` on; those behind the last do not exist.
   */
  batches: RawBatch[];
  /**
   * Set when retention has deleted records of the range: the log's start. Offsets of the range below it for which no batch
   * answers are lost. It may lie behind the range.
   */
  lostBefore?: number;
  /** The topic, or its partition, does not exist any more. There are no batches then. */
  isGone?: true;
}

/** Many ranges are small; a long one is read in larger and larger pieces. */
const FIRST_FETCH_BYTES = 64 * 1024;
const FETCH_GROWTH = 4;
/** Between questions that bring nothing. */
const PAUSES = { firstMs: 100, maxMs: 2_000 };
/** Most waits pass while a leader is elected. One that lasts for so long is told. */
const TOLD_AFTER_MS = 3_000;
/** A broker that has just started does not know its topics yet. */
const GONE_AFTER_MS = 5_000;
/** kafkajs gives requests up after 30 s, but by the wall clock. */
const ANSWER_MAX_MS = 40_000;

/** As far as a range has been read. */
interface Reading {
  range: PartitionRange;
  batches: RawBatch[];
  /** The first offset that nothing answers for yet. */
  next: number;
  lostBefore: number | undefined;
  fetchBytes: number;
}

/** What an answer came to: the range is read, something was learnt, or `waitsFor` a change. */
type Step = "done" | "onward" | { waitsFor: string };

export interface ReadContext {
  logs: PartitionLogs;
  fetchBytesMax: number;
  signal: AbortSignal;
  /** Once a range, when its records are not there for longer than it takes to elect a leader. */
  onWait(reason: string): void;
}

/**
 * Reads a range to its end. What cannot be had now, because of the cluster or because the log does not reach so far, is
 * waited for.
 *
 * @throws the signal's reason; what no repeat can help.
 */
export async function readRange(range: PartitionRange, context: ReadContext): Promise<RangeRead> {
  const fetchBytes = Math.min(FIRST_FETCH_BYTES, context.fetchBytesMax);
  const reading: Reading = { range, batches: [], next: range.firstOffset, lostBefore: undefined, fetchBytes };
  let failures = 0;
  let waitingSinceMs = 0;
  let absentSinceMs: number | undefined;
  let isTold = false;
  for (;;) {
    const answer = await ask(context, reading, READ_COMMITTED);
    const nowMs = performance.now();
    if (answer.kind === "absent") {
      absentSinceMs ??= nowMs;
      if (nowMs - absentSinceMs >= GONE_AFTER_MS) return { batches: [], isGone: true };
    } else absentSinceMs = undefined;
    const step = await takeAnswer(context, reading, answer);
    if (step === "done") return resultOf(reading);
    if (step === "onward") {
      failures = 0;
      continue;
    }
    if (failures === 0) waitingSinceMs = nowMs;
    if (!isTold && nowMs - waitingSinceMs >= TOLD_AFTER_MS) {
      isTold = true;
      context.onWait(step.waitsFor);
    }
    failures += 1;
    await unlessAborted(sleep(jitteredPauseMs(failures, PAUSES)), context.signal);
  }
}

async function ask(
  { logs, signal }: ReadContext,
  { range, next, fetchBytes }: Reading,
  isolation: number,
): Promise<LogAnswer> {
  signal.throwIfAborted();
  const answer = await unlessAborted(within(ANSWER_MAX_MS, logs.ask(range, next, fetchBytes, isolation)), signal);
  return answer ?? { kind: "unavailable", reason: `no answer within ${ANSWER_MAX_MS / 1000} s` };
}

async function takeAnswer(context: ReadContext, reading: Reading, answer: LogAnswer): Promise<Step> {
  switch (answer.kind) {
    case "absent":
      return { waitsFor: "the cluster does not know it" };
    case "unavailable":
      return { waitsFor: answer.reason };
    case "outOfRange":
      return takeBounds(reading, answer.logStart, answer.logEnd);
    case "records": {
      const step = takeBatches(reading, answer.batches);
      reading.fetchBytes = Math.min(reading.fetchBytes * FETCH_GROWTH, context.fetchBytesMax);
      if (step !== undefined) return step;
      const { lastOffset } = reading.range;
      if (answer.stableEnd <= lastOffset) {
        return { waitsFor: `its log can be read up to offset ${answer.stableEnd}, not to ${lastOffset}` };
      }
      return await lookPast(context, reading);
    }
  }
}

/** Undefined: there was no batch at or behind the offset that was asked for. Releases all of them. */
function takeBatches(reading: Reading, fetched: readonly FetchedBatch[]): "done" | "onward" | undefined {
  const { range, batches, next: asked } = reading;
  const receivedMs = Date.now();
  try {
    for (const next of fetched) {
      const batch = toRawBatch(range, next, receivedMs, reading.next);
      if (batch.lastOffset < reading.next) continue;
      if (batch.baseOffset > range.lastOffset) return "done";
      batches.push({ ...batch, bytes: new Uint8Array(batch.bytes) });
      reading.next = batch.lastOffset + 1;
      if (reading.next > range.lastOffset) return "done";
    }
  } finally {
    for (const { release } of fetched) release?.();
  }
  return reading.next > asked ? "onward" : undefined;
}

/**
 * The broker shows nothing, though the log goes on behind the range. Compaction may have left nothing up to a transaction that
 * is open; but an answer can be empty for other reasons (tiered storage that is slow), and the end of a range must not be
 * lost to one. So the next batch of all is looked at: when it begins behind the range, there is nothing before it.
 */
async function lookPast(context: ReadContext, reading: Reading): Promise<Step> {
  const answer = await ask(context, reading, READ_UNCOMMITTED);
  const waits: Step = { waitsFor: `its log shows nothing from offset ${reading.next} on` };
  if (answer.kind !== "records") return waits;
  for (const { release } of answer.batches) release?.();
  const next = answer.batches.find(({ lastOffset }) => lastOffset >= reading.next);
  return next !== undefined && next.firstOffset > reading.range.lastOffset ? "done" : waits;
}

function takeBounds(reading: Reading, logStart: number, logEnd: number): Step {
  const { next, range } = reading;
  if (logStart > next) {
    reading.lostBefore = logStart;
    reading.next = logStart;
    return logStart > range.lastOffset ? "done" : "onward";
  }
  if (logEnd < next) return { waitsFor: `its log ends at offset ${logEnd}, before ${next}` };
  return { waitsFor: "its leader has moved" };
}

function resultOf({ batches, lostBefore }: Reading): RangeRead {
  return lostBefore === undefined ? { batches } : { batches, lostBefore };
}
