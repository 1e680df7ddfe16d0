import type { ClickHouseClient } from "@clickhouse/client";
import type { Logger } from "pino";
import type { EncodedRows, TranscodeResult, TranscodeTask } from "../codec/task.ts";
import { type Committer, createCommitter } from "../commit/committer.ts";
import { PartitionLedger } from "../commit/ledger.ts";
import type { Profile } from "../config/profiles.ts";
import { BufferPool } from "../core/buffer-pool.ts";
import { MillraceError } from "../core/errors.ts";
import { partitionKey } from "../core/raw-batch.ts";
import { defaultInsertFormat, defaultTranscoder, type InsertFormat, type TranscoderName } from "../core/transcoding.ts";
import type { Cut } from "../dispatch/accumulator.ts";
import { ByteBudget } from "../dispatch/byte-budget.ts";
import { createDispatcher, type Dispatcher } from "../dispatch/dispatcher.ts";
import { createWorkerPool, inputBuffers, taskOf } from "../dispatch/worker-pool.ts";
import type { TablePlan } from "../schema/plan.ts";
import { createSink, type StoreOutcome } from "../sink/sink.ts";
import { createSource, type SourceOptions } from "../source/consumer-source.ts";
import { Counters } from "../telemetry/counters.ts";
import { EventLoopMeter } from "../telemetry/event-loop.ts";
import { recordBatch } from "../telemetry/recorder.ts";
import { StageTable } from "../telemetry/stages.ts";
import { Flights } from "./flights.ts";
import { RangeBuffers, RangeMemory } from "./range-memory.ts";

export interface PipelineOptions {
  source: SourceOptions;
  plans: TablePlan[];
  profile: Profile;
  client: ClickHouseClient;
  log: Logger;
  transcoder?: TranscoderName;
  /** Plans that write RowBinaryWithDefaults keep it whatever this says. */
  insertFormat?: InsertFormat;
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

/** Source restarts after a crash of the client: at least this long after the last one. */
const RESTART_MS = 2_000;

/** A drain that takes longer is given up: what is not stored by then stays uncommitted, and the next start reads it. */
const DRAIN_MAX_MS = 60_000;

/**
 * The one place where the stages meet: source → dispatch → workers → sink → commit.
 *
 * Each partition has a ledger from the moment the group assigns it until it is lost. A range in flight keeps the ledger
 * it was opened in: when the partition is lost meanwhile, the map no longer holds that ledger, and the range's offset is
 * not committed. kafkajs itself would commit it under the current generation, whoever owns the partition now.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { plans, profile, log } = options;
  const planByTopic = new Map(plans.flatMap((plan) => plan.topics.map((topic) => [topic, plan] as const)));
  const counters = new Counters();
  const total = new StageTable();
  let interval = new StageTable();
  const ledgers = new Map<string, PartitionLedger>();
  const aborter = new AbortController();
  const eventLoop = new EventLoopMeter();
  const taskFormat = (options.insertFormat ?? defaultInsertFormat) === "native" ? "native" : "rows";
  const flights = new Flights(() => dispatcher.cutDue());
  let accepting = true;
  let fail: (error: Error) => void = () => {};
  let failure: Error | undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = (error) => {
      failure ??= error;
      aborter.abort(error);
      resolve(error);
    };
  });

  const pool = createWorkerPool(plans, profile.workers, options.transcoder ?? defaultTranscoder);
  const sink = createSink(
    options.client,
    { insertsMax: profile.insertsMax, signal: aborter.signal },
    {
      onRetry(table, error, attempt, delayMs) {
        counters.insertRetries += 1;
        log.warn({ table, attempt, delayMs, err: error }, "insert failed, will be repeated under the same token");
      },
    },
  );
  if (taskFormat === "native") for (const plan of plans) if (plan.format !== "RowBinary") log.info(staysByRows(plan));
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
  const shared = new RangeBuffers(budget, buffers);
  let source = createSource(options.source, sourceEvents(), buffers);
  const committer: Committer = createCommitter(
    (offsets) => source.commit(offsets),
    (error) => log.warn({ err: error }, "offset commit failed, will go with the next one"),
  );
  const limits = { rows: profile.flushRows, bytes: profile.flushBytes, intervalMs: profile.flushIntervalMs };
  // One range in each insert, and one in each worker to follow it.
  const flightsMax = profile.insertsMax + profile.workers;
  const dispatcher: Dispatcher = createDispatcher(
    limits,
    budget,
    buffers,
    () => flights.count < flightsMax,
    (cut) => flights.add(deliver(cut)),
  );

  function sourceEvents() {
    return {
      onBatch(batch: Parameters<typeof dispatcher.accept>[0]) {
        if (!accepting) return;
        eventLoop.begin();
        dispatcher.accept(batch);
      },
      onAssigned(partitions: { topic: string; partition: number }[]) {
        const kept = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
        for (const key of ledgers.keys()) {
          if (kept.has(key)) continue;
          ledgers.delete(key);
          committer.forget(key);
        }
        for (const key of kept) if (!ledgers.has(key)) ledgers.set(key, new PartitionLedger());
        dispatcher.retain(partitions);
        log.info(`${kept.size} partitions assigned`);
        log.debug({ partitions: [...kept] }, "assigned");
      },
      onCrash(error: Error) {
        counters.sourceRestarts += 1;
        log.error({ err: error }, "Kafka consumer stopped, will be started again");
        setTimeout(restartSource, RESTART_MS);
      },
    };
  }

  async function restartSource(): Promise<void> {
    if (!accepting) return;
    await source.stop().catch(() => {});
    source = createSource(options.source, sourceEvents(), buffers);
    await source.start().catch((error) => {
      log.error({ err: error }, "Kafka consumer did not start, will be tried again");
      if (accepting) setTimeout(restartSource, RESTART_MS);
    });
    if (budget.paused) source.pause();
  }

  /** One range from cut to commit. Never rejects: an error fails the pipeline, and the offset stays uncommitted. */
  async function deliver(cut: Cut): Promise<void> {
    const memory = new RangeMemory(shared, cut.byteLength);
    try {
      const plan = planByTopic.get(cut.topic)!;
      const ledger = ledgers.get(partitionKey(cut.topic, cut.partition));
      if (ledger === undefined) {
        for (const buffer of cut.buffers) memory.spend(buffer);
        return;
      }
      const range = ledger.open(cut.firstOffset, cut.lastOffset);
      const outputBytes = shared.outputBytes(plan.key, cut.byteLength);
      const spare = buffers.takeFree(outputBytes);
      memory.holdOutput(outputBytes);
      const task = taskOf(cut, plan.key, taskFormat);
      let result = await transcode({ ...task, spare }, memory);
      shared.noteGrowth(plan.key, cut.byteLength, result.rows.bytes.length);
      const outcome = await store(plan, cut, result.rows);
      if (outcome.isBodyRead) memory.spend(result.rows.bytes.buffer);
      let { refusals } = outcome;
      if (outcome.refusedWhole !== undefined) {
        log.info({ table: plan.table, err: outcome.refusedWhole }, "refused as a whole, will be sent by rows");
        result = await transcode({ ...task, ...inputOf(result), format: "rows" }, memory);
        refusals = (await store(plan, cut, result.rows)).refusals;
      }
      const stored = result.rows.rowCount - refusals.length;
      // The same range once more, the refused rows as dead letters: all other rows are stored and stay away.
      if (refusals.length > 0) {
        result = await transcode({ ...task, ...inputOf(result), format: "rows", refused: refusals }, memory);
      }
      await storeDead(plan, cut, result.dead);
      for (const buffer of inputBuffers(result)) memory.spend(buffer);
      const acknowledgedMs = Date.now();
      counters.add(cut, stored, result, acknowledgedMs);
      const batch = { ...result, batches: cut.batches, rowCount: stored, insertSentMs: outcome.sentMs, acknowledgedMs };
      recordBatch(total, batch);
      recordBatch(interval, batch);
      if (ledgers.get(partitionKey(cut.topic, cut.partition)) !== ledger) return;
      if (ledger.markDurable(range)) {
        committer.note({ topic: cut.topic, partition: cut.partition, offset: ledger.position! });
      }
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    } finally {
      memory.close();
      eventLoop.mark();
    }
  }

  async function transcode(task: TranscodeTask, memory: RangeMemory): Promise<TranscodeResult> {
    const result = await pool.run(task);
    memory.holdResult(result);
    if (result.spare !== undefined) memory.spend(result.spare);
    return result;
  }

  function store(target: Target, cut: Cut, rows: EncodedRows): Promise<StoreOutcome> {
    const columns = target.columns.map(({ name }) => name);
    const { topic, partition, firstOffset, lastOffset } = cut;
    return sink.store({ table: target.table, columns, topic, partition, ...rows }, firstOffset, lastOffset);
  }

  async function storeDead(plan: TablePlan, cut: Cut, dead: EncodedRows): Promise<void> {
    const [refusal] = (await store(plan.deadLetters, cut, dead)).refusals;
    if (refusal === undefined) return;
    throw new MillraceError(
      "E_CLICKHOUSE",
      `Cannot store the dead letter of ${cut.topic}:${cut.partition} offset ${refusal.offset} in ` +
        `${plan.deadLetters.table}: ${refusal.errorMessage}`,
    );
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
    start: () => source.start(),
    async drain() {
      accepting = false;
      source.pause();
      dispatcher.cutAll();
      dispatcher.stop();
      const deadline = setTimeout(() => fail(drainTooLong(flights.count)), DRAIN_MAX_MS);
      await flights.landed();
      clearTimeout(deadline);
      // What was stored must be committed even after a failure elsewhere: the next start would double it.
      await committer.flush().catch(fail);
      await source.stop();
      await pool.close();
      if (failure !== undefined) throw failure;
    },
  };
}

function inputOf({ input, further }: TranscodeResult): Pick<TranscodeTask, "input" | "further"> {
  return { input, further };
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

type Target = Pick<TablePlan, "table"> & { columns: { name: string }[] };
