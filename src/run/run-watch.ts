import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin } from "kafkajs";
import { lagOf, type PartitionOffsets, readOffsets, totalLag } from "../clients/kafka/offsets.ts";
import { partitionKey } from "../core/topic-partition.ts";
import type { Pipeline } from "../ingest/pipeline/pipeline-types.ts";
import { OldestUnread } from "./oldest-unread.ts";

const LAG_EVERY_MS = 1_000;
const PING_EVERY_MS = 2_000;
/** A ping that was not answered for so long is given up, so that the next one finds a server that is back. */
const PING_MS_MAX = 3_000;

/** Where a partition stands, and how late it is. */
export interface PartitionLag extends PartitionOffsets {
  lag: number;
  /** Age of the oldest record that is not committed, 0 without one; undefined: not known. */
  oldestUnreadMs: number | undefined;
}

/** A server that has not answered for so long is away. Longer than a busy machine takes; a probe learns it in seconds. */
export const SILENT_MS = 5_000;

/** When a server answered last, by `performance.now()`, and what it said instead since. */
export interface ServerAnswers {
  lastMs: number;
  error: string | undefined;
  /** Its first answer after a silence. */
  backMs: number;
}

/** How long it has been answering without a break; 0 while it is silent. */
export function answeringMs({ lastMs, backMs }: ServerAnswers, nowMs: number): number {
  return nowMs - lastMs > SILENT_MS ? 0 : nowMs - backMs;
}

/** It has answered. Kafka's client repeats by itself: an outage may be seen only as a long request, without an error. */
export function noteAnswer(answers: ServerAnswers, nowMs: number): void {
  if (nowMs - answers.lastMs > SILENT_MS) answers.backMs = nowMs;
  answers.lastMs = nowMs;
  answers.error = undefined;
}

export interface WatchInput {
  admin: Admin;
  client: ClickHouseClient;
  groupId: string;
  topics: string[];
  pipeline: Pick<Pipeline, "fetchTimes" | "counters">;
  /** Notes a request that may be under way when everything is closed, and would open its connection again. */
  during<T>(request: Promise<T>): Promise<T>;
}

/** What is asked of the servers now and then, once for all who show it: terminal, probes, metrics. */
export interface RunWatch {
  /** Begins to ask, at the first call: where nobody shows anything nothing is asked. */
  begin(): void;
  stop(): void;
  readonly kafka: Readonly<ServerAnswers>;
  readonly clickHouse: Readonly<ServerAnswers>;
  /** Undefined: Kafka has said nothing for `maxMs`. */
  lag(maxMs: number): number | undefined;
  partitions(maxMs: number): PartitionLag[] | undefined;
  /** Rows stored per second, in the last second or so. */
  readonly storedPerSecond: number;
}

export function watchRun({ admin, client, groupId, topics, pipeline, during }: WatchInput): RunWatch {
  const unasked = (): ServerAnswers => ({ lastMs: performance.now(), error: undefined, backMs: performance.now() });
  const [kafka, clickHouse] = [unasked(), unasked()];
  const oldest = new Map<string, OldestUnread>();
  let offsets: PartitionOffsets[] | undefined;
  let storedPerSecond = 0;
  let before = { stored: 0, atMs: performance.now() };
  const timers: NodeJS.Timeout[] = [];

  const oldestOf = (key: string) => {
    const known = oldest.get(key) ?? new OldestUnread();
    oldest.set(key, known);
    return known;
  };

  async function askKafka(): Promise<void> {
    offsets = await during(readOffsets(admin, groupId, topics));
    for (const at of offsets) oldestOf(partitionKey(at)).noteEnd(at.logEnd, Date.now());
    for (const { offset, timeMs, ...at } of pipeline.fetchTimes.newest())
      oldestOf(partitionKey(at)).noteRecord(offset, timeMs);
  }

  async function askClickHouse(): Promise<void> {
    // Not a query: a server would log one every two seconds.
    const limit = AbortSignal.timeout(PING_MS_MAX);
    const answer = await client.ping({ select: false, abort_signal: limit });
    if (answer.success) return;
    throw limit.aborted ? new Error(`a ping had no answer within ${PING_MS_MAX / 1000} s`) : answer.error;
  }

  function measureRate(): void {
    const now = { stored: pipeline.counters.stored, atMs: performance.now() };
    storedPerSecond = Math.round(((now.stored - before.stored) / Math.max(1, now.atMs - before.atMs)) * 1_000);
    before = now;
  }

  return {
    kafka,
    clickHouse,
    begin() {
      if (timers.length > 0) return;
      Object.assign(kafka, unasked());
      Object.assign(clickHouse, unasked());
      timers.push(every(LAG_EVERY_MS, askKafka, kafka), every(PING_EVERY_MS, askClickHouse, clickHouse));
      timers.push(setInterval(measureRate, LAG_EVERY_MS));
    },
    stop() {
      for (const timer of timers) clearInterval(timer);
    },
    lag: (maxMs) => (offsets !== undefined && isFresh(kafka, maxMs) ? totalLag(offsets) : undefined),
    partitions(maxMs) {
      if (!isFresh(kafka, maxMs)) return undefined;
      return offsets?.map((at) => ({ ...at, lag: lagOf(at), oldestUnreadMs: ageOf(at, oldestOf(partitionKey(at))) }));
    },
    get storedPerSecond() {
      return storedPerSecond;
    },
  };
}

/** Asks at once and then regularly, one request at a time: while a server is away they would pile up. */
function every(periodMs: number, ask: () => Promise<void>, answers: ServerAnswers): NodeJS.Timeout {
  let isAsking = false;
  const once = async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      await ask();
      noteAnswer(answers, performance.now());
    } catch (error) {
      answers.error = error instanceof Error ? error.message || error.name : String(error);
    } finally {
      isAsking = false;
    }
  };
  void once();
  return setInterval(() => void once(), periodMs);
}

function isFresh({ lastMs }: ServerAnswers, maxMs: number): boolean {
  return performance.now() - lastMs < maxMs;
}

function ageOf({ logStart, logEnd, committed }: PartitionOffsets, oldest: OldestUnread): number | undefined {
  return oldest.ageMs(Math.max(logStart, committed ?? logStart), logEnd, Date.now());
}
