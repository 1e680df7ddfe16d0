import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Logger } from "pino";
import type { EncodedRows } from "../codec/task.ts";
import { type AssignedPartition, Epoch } from "../commit/epoch.ts";
import { decodeIntents, type Intent } from "../commit/intents.ts";
import type { Profile } from "../config/profiles.ts";
import { BufferPool } from "../core/buffer-pool.ts";
import { systemClock } from "../core/clock.ts";
import { MillraceError } from "../core/errors.ts";
import { partitionKey, type RawBatch } from "../core/raw-batch.ts";
import { StaleOwner } from "../core/stale-owner.ts";
import { defaultInsertFormat, defaultTranscoder, type InsertFormat, type TranscoderName } from "../core/transcoding.ts";
import type { Cut } from "../dispatch/accumulator.ts";
import { ByteBudget } from "../dispatch/byte-budget.ts";
import { createDispatcher, type Dispatcher } from "../dispatch/dispatcher.ts";
import { createWorkerPool, WorkerEnded } from "../dispatch/worker-pool.ts";
import type { TablePlan } from "../schema/plan.ts";
import { createSink, type SinkEvents } from "../sink/sink.ts";
import { createSource, type SourceEvents, type SourceOptions } from "../source/consumer-source.ts";
import { classifyKafkaError } from "../source/error-class.ts";
import type { CommittedPartition } from "../source/membership.ts";
import { Counters } from "../telemetry/counters.ts";
import { EventLoopMeter } from "../telemetry/event-loop.ts";
import { recordBatch } from "../telemetry/recorder.ts";
import { StageTable } from "../telemetry/stages.ts";
import { ClickHouseClock } from "./clickhouse-clock.ts";
import { deliverRange } from "./delivery.ts";
import { Flights } from "./flights.ts";
import { gapBatch, storeGap } from "./gap-store.ts";
import { RangeBuffers, RangeMemory } from "./range-memory.ts";
import { type RangeTools, rangeWork, type StoredRange } from "./range-work.ts";
import type { DeliveryObserver } from "./steps.ts";

export interface PipelineOptions {
  source: SourceOptions;
  plans: TablePlan[];
  profile: Profile;
  client: ClickHouseClient;
  log: Logger;
  transcoder?: TranscoderName;
  /** Plans that write RowBinaryWithDefaults keep it whatever this says. */
  insertFormat?: InsertFormat;
  /** How long after its last proof of ownership this process may begin an insert, ms (src/commit/epoch.ts). */
  fenceMs: number;
  /** What to do about commit metadata that another program wrote: stop, or begin without knowing what is in flight. */
  unreadableIntents: UnreadableIntentsPolicy;
  /** Told of dead letters that are in their table; the range waits for it. */
  publishDead?: ((planKey: string, dead: EncodedRows) => Promise<void>) | undefined;
  /** For tests that stop the process at a step, or replace the worker. */
  hooks?: PipelineHooks | undefined;
}

export type UnreadableIntentsPolicy = "stop" | "at-least-once";

export interface PipelineHooks {
  onStep?: DeliveryObserver;
  workerFile?: URL;
}

export interface Pipeline {
  start(): Promise<void>;
  /** Stops intake, stores and commits what was taken, leaves the group. @throws the first fatal error, if there was one. */
  drain(): Promise<void>;
  /** Resolves with the first error that no retry can help. */
  readonly failed: Promise<Error>;
  readonly counters: Counters;
  /** Latency since start, and the table that the next flush will take. */
  readonly total: StageTable;
  takeInterval(): StageTable;
  readonly budget: ByteBudget;
  /** Memory between two uses; counts in the budget. */
  readonly buffers: BufferPool;
  /** How busy this thread was while there was work: from the first fetched batch to the last stored range. */
  readonly eventLoop: EventLoopMeter;
}

/**
 * Shares of the byte budget. Intake pauses when so much of it is counted: the rest is for what cannot be counted piece by
 * piece, a fetch that comes after the pause, the workers' own memory, and buffers that wait for the collector.
 */
const PAUSE_SHARE = 0.6;
/** Intake resumes below this. What it then takes in before the next pause, the pool can supply. */
const RESUME_SHARE = 0.45;
/** So much may lie unused in the pool: less than the share at which intake resumes, or it never would. */
const POOL_SHARE = 0.15;

/** Pause between the end of a consumer and the start of the next. */
const RESTART_MS = 2_000;

/** A drain that takes longer is given up: what is not stored by then stays uncommitted, and the next start reads it. */
const DRAIN_MAX_MS = 60_000;

/**
 * Share of the session timeout that a drain before a rebalance may take. Meanwhile kafkajs sends no heartbeat, and the
 * whole group waits.
 */
const REBALANCE_DRAIN_SHARE = 1 / 3;

/** A range at which a worker ended so often is not tried again. */
const WORKER_FAILURES_MAX = 3;

/**
 * The one place where the stages meet: source → dispatch → workers → sink → commit.
 *
 * Each assignment is an epoch (src/commit/epoch.ts). Before the next join the pipeline drains what is under way, for a
 * while; then the epoch is over, and whatever is still under way ends with StaleOwner and is the next owner's, who finds
 * it in the intents of the last commit.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { plans, profile, log } = options;
  const { groupId, sessionTimeoutMs } = options.source;
  const planByTopic = new Map(plans.flatMap((plan) => plan.topics.map((topic) => [topic, plan] as const)));
  const counters = new Counters();
  const total = new StageTable();
  let interval = new StageTable();
  let epoch: Epoch | undefined;
  const aborter = new AbortController();
  const eventLoop = new EventLoopMeter();
  const flights = new Flights(() => dispatcher.cutDue());
  const workerFailures = new Map<string, number>();
  let accepting = true;
  let isStarved = false;
  let restarting: Promise<void> | undefined;
  let isRestartDue = false;
  let fail: (error: Error) => void = () => {};
  let failure: Error | undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = (error) => {
      failure ??= error;
      aborter.abort(error);
      resolve(error);
    };
  });

  const taskFormat = (options.insertFormat ?? defaultInsertFormat) === "native" ? "native" : "rows";
  if (taskFormat === "native") for (const plan of plans) if (plan.format !== "RowBinary") log.info(staysByRows(plan));
  const clickHouseClock = new ClickHouseClock(options.client, systemClock);
  const pool = createWorkerPool(
    plans,
    profile.workers,
    options.transcoder ?? defaultTranscoder,
    options.hooks?.workerFile,
  );
  const sink = createSink(
    options.client,
    { insertsMax: profile.insertsMax, signal: aborter.signal },
    sinkEvents(counters, clickHouseClock, log),
  );
  const budget = new ByteBudget({
    highBytes: Math.floor(profile.bytesMax * PAUSE_SHARE),
    lowBytes: Math.floor(profile.bytesMax * RESUME_SHARE),
    onPause() {
      counters.pauses += 1;
      source.pause();
    },
    onResume: () => source.resume(),
  });
  const buffers = new BufferPool(profile.bytesMax * POOL_SHARE, (change) =>
    change > 0 ? budget.take(change) : budget.give(-change),
  );
  const tools: RangeTools = {
    groupId,
    taskFormat,
    pool,
    sink,
    shared: new RangeBuffers(budget, buffers),
    publishDead: options.publishDead,
    onRefusedWhole: (table, answer) => log.info({ table, err: answer }, "refused as a whole, will be sent by rows"),
  };
  let source = createSource(options.source, sourceEvents(), buffers);
  // One range in each insert, and one in each worker to follow it.
  const flightsMax = profile.insertsMax + profile.workers;
  const dispatcher: Dispatcher = createDispatcher({
    limits: { rows: profile.flushRows, bytes: profile.flushBytes, intervalMs: profile.flushIntervalMs },
    budget,
    buffers,
    clock: systemClock,
    wallMs: Date.now,
    hasRoom: () => flights.count < flightsMax,
    isBusy: () => flights.count > 0,
    onCut(cut) {
      flights.add(deliver(cut));
      // The one partition that was let through has what it needs.
      if (isStarved && budget.paused) source.pause();
      isStarved = false;
    },
    onStarved(partition) {
      isStarved = true;
      source.resumeOnly(partition);
    },
  });

  function sourceEvents(): SourceEvents {
    return {
      onBatch(batch: RawBatch) {
        if (!accepting) return;
        eventLoop.begin();
        const wantedOffset = dispatcher.accept(batch);
        if (wantedOffset === undefined) return;
        const at = { topic: batch.topic, partition: batch.partition, offset: batch.fetchOffset, wantedOffset };
        log.warn(at, "the client skipped records, will be fetched again");
        source.seek(batch, wantedOffset);
      },
      beforeJoin: endEpoch,
      async onBegin(topic, partition, offset) {
        if (options.source.from === "earliest" || offset === 0) return;
        const runs = [{ first: 0, last: offset - 1 }];
        const gap = { group: groupId, topic, partition, reason: "skipped" as const, runs };
        await storeGap(options.client, gap, `${groupId}:${topic}:${partition}:begin-${offset}`);
      },
      onJoined({ partitions, commit }) {
        if (!accepting) return;
        const assigned = partitions.map(readPartition);
        epoch = new Epoch({
          partitions: assigned,
          clock: systemClock,
          fenceMs: options.fenceMs,
          clickHouseOffset: () => clickHouseClock.offset(),
          commit,
          onCommitError(error) {
            if (!failIfHopeless("commit to", error)) log.warn({ err: error }, "offset commit failed, will be repeated");
          },
          onCommit: (when, at) => options.hooks?.onStep?.(when, at.topic, at.partition, at.offset, at.offset),
        });
        dispatcher.assign(assigned);
        const replayed = assigned.reduce((count, { intents }) => count + intents.length, 0);
        counters.replayedRanges += replayed;
        log.info(`${assigned.length} partitions assigned, ${replayed} ranges in flight to be repeated`);
        log.debug({ partitions: assigned }, "assigned");
      },
      onOutOfRange,
      onCrash(error: Error) {
        if (failIfHopeless("read from", error)) return;
        log.error({ err: error }, "Kafka consumer stopped, will be started again");
        restartSource();
      },
    };
  }

  function failIfHopeless(what: string, error: unknown): boolean {
    const { class: errorClass, reason, remedy } = classifyKafkaError(error);
    if (errorClass !== "fatal") return false;
    const text = error instanceof Error ? error.message : String(error);
    fail(new MillraceError("E_KAFKA", `Cannot ${what} Kafka: ${text} — ${reason}; ${remedy}`, { cause: error }));
    return true;
  }

  /** @throws MillraceError when the metadata is not ours and the policy is to stop. */
  function readPartition({ topic, partition, offset, metadata }: CommittedPartition): AssignedPartition {
    let intents: Intent[] = [];
    try {
      intents = decodeIntents(metadata);
    } catch (error) {
      const where = `${partitionKey(topic, partition)}: ${(error as Error).message}`;
      if (options.unreadableIntents === "stop") {
        const remedy = "Use a --group of its own, or accept doubled rows once with --unreadable-intents at-least-once";
        const refused = new MillraceError("E_KAFKA", `${where}. ${remedy}`);
        fail(refused);
        throw refused;
      }
      log.error(`${where}. Ranges that were in flight may be doubled`);
    }
    return { topic, partition, offset, intents };
  }

  /** Lets what is under way finish, as long as the group can wait, and ends the epoch. */
  async function endEpoch(): Promise<void> {
    const ending = epoch;
    if (ending === undefined) return;
    dispatcher.assign([]);
    const drained = flights.landed().then(() => ending.flush());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, sessionTimeoutMs * REBALANCE_DRAIN_SHARE);
    });
    await Promise.race([drained.catch(() => {}), late]);
    clearTimeout(timer);
    ending.end("the group is rebalancing");
    if (epoch === ending) epoch = undefined;
  }

  function onOutOfRange(topic: string, partition: number, offset: number, logStart: number, logEnd: number): number {
    const where = partitionKey(topic, partition);
    if (offset > logEnd) {
      const error = new MillraceError(
        "E_KAFKA",
        `${where}: the group stands at offset ${offset}, the log ends at ${logEnd}. The topic was made anew, or the broker ` +
          `has lost records. To go on: millrace offsets reset --group ${groupId} --topic ${topic} --to earliest`,
      );
      fail(error);
      throw error;
    }
    const lost = logStart - offset;
    counters.lostOffsets += lost;
    log.error(
      { topic, partition, offset, logStart, lost },
      "records lost: retention deleted them before they were read. Raise retention.ms, or find out why the lag grew",
    );
    dispatcher.loseTo(topic, partition, logStart);
    const gap = {
      group: groupId,
      topic,
      partition,
      reason: "lost" as const,
      runs: [{ first: offset, last: logStart - 1 }],
    };
    const owner = epoch;
    if (owner !== undefined) {
      flights.add(sink.store(gapBatch(gap), offset, logStart - 1, owner.lease(topic, partition)).then(() => {}, ended));
    }
    return logStart;
  }

  /** Makes a new consumer in place of this one; when that is under way, once more afterwards. */
  function restartSource(): void {
    isRestartDue = true;
    restarting ??= replaceSource().finally(() => {
      restarting = undefined;
    });
  }

  async function replaceSource(): Promise<void> {
    while (isRestartDue && accepting && failure === undefined) {
      isRestartDue = false;
      counters.sourceRestarts += 1;
      // First: once it has left the group, its ranges are not ours.
      epoch?.end("the consumer is started again");
      epoch = undefined;
      dispatcher.assign([]);
      await source.stop().catch(() => {});
      await sleep(RESTART_MS);
      if (!accepting) return;
      source = createSource(options.source, sourceEvents(), buffers);
      if (budget.paused) source.pause();
      try {
        await source.start();
      } catch (error) {
        if (failIfHopeless("read from", error)) return;
        log.error({ err: error }, "Kafka consumer did not start, will be tried again");
        isRestartDue = true;
      }
    }
  }

  /** One range from cut to commit. Never rejects: an error fails the pipeline, and the offset stays uncommitted. */
  async function deliver(cut: Cut): Promise<void> {
    const memory = new RangeMemory(tools.shared, cut.byteLength);
    const key = `${partitionKey(cut.topic, cut.partition)}:${cut.firstOffset}`;
    const owner = epoch;
    let done: StoredRange | undefined;
    try {
      if (owner === undefined) throw new StaleOwner("no partition is assigned");
      const plan = planByTopic.get(cut.topic)!;
      const work = rangeWork(tools, plan, cut, memory, (range) => {
        done = range;
      });
      await deliverRange(owner, cut, work, options.hooks?.onStep);
      note(cut, done!);
      workerFailures.delete(key);
    } catch (error) {
      // Of an epoch that is over, the range is read again in any case.
      if (error instanceof WorkerEnded && owner === epoch) onWorkerEnded(key, error);
      else ended(error);
    } finally {
      memory.close();
      eventLoop.mark();
    }
  }

  /** A range has ended without being acknowledged. */
  function ended(error: unknown): void {
    if (error instanceof StaleOwner || error instanceof WorkerEnded) counters.abandonedRanges += 1;
    else fail(error instanceof Error ? error : new Error(String(error)));
  }

  /**
   * A thread that ends takes the range's bytes with it: they are fetched once more. The range has an intent by now, so it
   * is cut alike.
   */
  function onWorkerEnded(key: string, error: WorkerEnded): void {
    const failures = (workerFailures.get(key) ?? 0) + 1;
    workerFailures.set(key, failures);
    counters.workerRestarts += 1;
    if (failures < WORKER_FAILURES_MAX) {
      log.error({ err: error, range: key }, "a worker thread ended, its range will be read again");
      restartSource();
      return;
    }
    const text = `The worker ended ${failures} times at the range that begins at ${key}: ${error.message}`;
    fail(new MillraceError("E_WORKER", `${text}. Look at the records there; --transcoder reference may tell more`));
  }

  function note(cut: Cut, { result, stored, sentMs, acknowledgedMs }: StoredRange): void {
    if (result === undefined) return;
    counters.add(cut, stored, result, acknowledgedMs);
    const batch = { ...result, batches: cut.batches, rowCount: stored, insertSentMs: sentMs, acknowledgedMs };
    recordBatch(total, batch);
    recordBatch(interval, batch);
  }

  return {
    counters,
    total,
    budget,
    buffers,
    eventLoop,
    failed,
    takeInterval() {
      const taken = interval;
      interval = new StageTable();
      return taken;
    },
    async start() {
      await clickHouseClock.offset();
      await source.start();
    },
    async drain() {
      accepting = false;
      source.pause();
      dispatcher.cutAll();
      dispatcher.stop();
      const deadline = setTimeout(() => {
        const error = drainTooLong(flights.count);
        fail(error);
        epoch?.end(error.message);
      }, DRAIN_MAX_MS);
      await flights.landed();
      // What was stored is committed even after a failure elsewhere: the next start has less to repeat.
      await epoch?.flush().catch((error) => log.warn({ err: error }, "the last offsets are not committed"));
      clearTimeout(deadline);
      epoch?.end("stopped");
      await restarting;
      await source.stop();
      await pool.close();
      if (failure !== undefined) throw failure;
    },
  };
}

function sinkEvents(counters: Counters, clock: ClickHouseClock, log: Logger): SinkEvents {
  return {
    onRetry(table, error, attempt, delayMs, errorClass) {
      counters.insertRetries += 1;
      log.warn({ table, attempt, delayMs, errorClass, err: error }, "insert failed, repeated under the same token");
    },
    onSlowDown(table, error, delayMs, insertsMax) {
      counters.slowDowns += 1;
      log.warn({ table, delayMs, insertsMax, err: error }, "ClickHouse is overloaded: fewer inserts at once");
    },
    onLate(table, token, deadlineMs) {
      counters.lateInserts += 1;
      clock.doubt();
      log.warn({ table, token, deadlineMs }, "insert came after its deadline and wrote nothing, will be repeated");
    },
    onSplit(table, token, parts) {
      counters.splitInserts += 1;
      log.info({ table, token, parts }, "insert touches too many partitions, sent in parts");
    },
  };
}

function staysByRows({ table, format }: TablePlan): string {
  return `${table} is written in ${format}, not in Native: only so can a field that is missing get the column's DEFAULT`;
}

function drainTooLong(ranges: number): MillraceError {
  return new MillraceError(
    "E_INCOMPLETE",
    `Cannot drain within ${DRAIN_MAX_MS / 1000} s: ${ranges} ranges are not stored. They are not committed either, so the next start reads them again.`,
  );
}
