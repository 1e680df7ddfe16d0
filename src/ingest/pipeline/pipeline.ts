import { abortableClient } from "../../clients/clickhouse/abortable-client.ts";
import { ClickHouseClock } from "../../clients/clickhouse/clock.ts";
import { BufferPool } from "../../core/buffer-pool.ts";
import { systemClock } from "../../core/clock.ts";
import { counted } from "../../core/counted.ts";
import { MillraceError } from "../../core/errors.ts";
import { tokenScopeOf } from "../../core/origin.ts";
import { partitionKey, type RawBatch } from "../../core/raw-batch.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { defaultInsertFormat, defaultTranscoder } from "../../core/transcoding.ts";
import { unlessAborted, within } from "../../core/within.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { countRange, createCounters } from "../../telemetry/counters.ts";
import { EventLoopMeter } from "../../telemetry/event-loop.ts";
import { recordBatch } from "../../telemetry/recorder.ts";
import { StageTable } from "../../telemetry/stages.ts";
import { Epoch } from "../commit/epoch.ts";
import type { RawRange } from "../dispatch/accumulator.ts";
import { ByteBudget } from "../dispatch/byte-budget.ts";
import { createDispatcher, type Dispatcher } from "../dispatch/dispatcher.ts";
import { createWorkerPool, WorkerEnded } from "../dispatch/worker-pool.ts";
import { createSink, type Sink } from "../sink/sink.ts";
import { createSource, type SourceEvents } from "../source/consumer-source.ts";
import { beyondLogEnd, readAssigned } from "./assignment.ts";
import { deliverRange } from "./delivery.ts";
import { drainEpoch } from "./drain-epoch.ts";
import { Failure } from "./failure.ts";
import { FieldWatch } from "./field-watch.ts";
import { Flights } from "./flights.ts";
import { gapBatch, storeGap } from "./gap-store.ts";
import { OpenRanges } from "./left-over.ts";
import { logPlanNotes } from "./log-plan-notes.ts";
import type { Pipeline, PipelineOptions } from "./pipeline-types.ts";
import { PlanRoom } from "./plan-room.ts";
import { RangeBuffers, RangeMemory } from "./range-memory.ts";
import { type RangeTools, rangeWork, type StoredRange } from "./range-work.ts";
import { hasRowsOfTopics } from "./rows-of-topic.ts";
import { SharedTables } from "./shared-tables.ts";
import { sinkEvents } from "./sink-events.ts";
import { SourceSupervisor } from "./source-supervisor.ts";
import { examinePlan, StoppedPlans } from "./stopped-plans.ts";
import { UnknownGroup } from "./unknown-group.ts";
import { UnreadTopics } from "./unread-topics.ts";
import { noteWriters } from "./writers.ts";

/**
 * Shares of the byte budget. Intake pauses when so much of it is counted: the rest is for what cannot be counted piece by
 * piece: a fetch that comes after the pause, the workers' own memory, and the pool's own share.
 */
const PAUSE_SHARE = 0.6;
/** Intake resumes below this. What it then takes in before the next pause, the pool can supply. */
const RESUME_SHARE = 0.45;
/**
 * The pool keeps what the budget has room for while ranges are under way, and so much in any case: the next fetch comes
 * into it.
 */
const POOL_SHARE = 0.2;

/**
 * Share of the session timeout that a drain before a rebalance may take. Meanwhile kafkajs sends no heartbeat, and the
 * whole group waits.
 */
const REBALANCE_DRAIN_SHARE = 1 / 3;

/** Of what intake may hold, records that pipelines whose tables take nothing may have under way. Their rows are as much again. */
const STALLED_SHARE = 1 / 4;

/** A range at which a worker ended so often is not tried again. */
const WORKER_FAILURES_MAX = 3;

/**
 * The one place where the stages meet: source → dispatch → workers → sink → commit.
 *
 * Each assignment is an epoch (src/ingest/commit/epoch.ts). Before the next join the pipeline drains what is under way, for a
 * while; then the epoch is over, and whatever is still under way ends with StaleOwner and is the next owner's, who finds
 * it in the intents of the last commit.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { plans, profile, log } = options;
  const { groupId, sessionTimeoutMs } = options.source;
  const origin = { cluster: options.clusterId, group: groupId };
  const planByTopic = new Map(plans.flatMap((plan) => plan.topics.map((topic) => [topic, plan] as const)));
  const counters = createCounters();
  const total = new StageTable();
  let interval = new StageTable();
  let epoch: Epoch | undefined;
  const failure = new Failure();
  /** The time to drain is over: whatever is still under way ends. */
  const abandon = new AbortController();
  const givenUp = AbortSignal.any([failure.signal, abandon.signal]);
  const client = abortableClient(options.client, abandon.signal);
  const openRanges = new OpenRanges();
  const eventLoop = new EventLoopMeter();
  const flights = new Flights(() => {
    dispatcher.cutDue();
    // A burst is over: what it took goes back to the system.
    if (flights.count === 0) buffers.trimTo(profile.bytesMax * POOL_SHARE);
  });
  const watches = new Map(
    plans.map((plan) => [plan.key, new FieldWatch(plan, log, () => hasRowsOfTopics(client, plan, givenUp))]),
  );
  const workerFailures = new Map<string, number>();
  /** Topics that are not fetched: their pipeline is stopped, or has more under way than its table takes. */
  let heldTopics = new Set<string>();
  const unreadTopics = new UnreadTopics(log);
  let accepting = true;
  let isStarved = false;

  const taskFormat = (options.insertFormat ?? defaultInsertFormat) === "native" ? "native" : "rows";
  logPlanNotes(plans, taskFormat, log);
  const clickHouseClock = new ClickHouseClock({
    client,
    clock: systemClock,
    signal: givenUp,
    onError: (error) => log.warn({ err: error }, "ClickHouse does not tell its time, inserts wait"),
  });
  const pool = createWorkerPool(
    plans,
    profile.workers,
    options.transcoder ?? defaultTranscoder,
    options.hooks?.workerFile,
  );
  // They load while everything else is connected.
  const workersReady = pool.prepare();
  workersReady.catch(() => {});
  const { mayStore = Promise.resolve() } = options;
  mayStore.catch((error) => failure.fail(error));
  const inserts = createSink(
    client,
    { insertsMax: profile.insertsMax, signal: givenUp, allowsDuplicates: options.allowsDuplicates },
    sinkEvents(counters, clickHouseClock, log, () => holdTopics()),
  );
  const sharedTables = new SharedTables(client, plans, log, systemClock);
  const unknownGroup = new UnknownGroup(client, log);
  let areWritersNoted = false;
  const sink: Sink = {
    async store(...insert) {
      await unlessAborted(mayStore, givenUp);
      return inserts.store(...insert);
    },
    isStalled: inserts.isStalled,
  };
  const stoppedPlans = new StoppedPlans({
    plans,
    failure,
    clock: systemClock,
    log,
    examine: (plan) => examinePlan(client, plan),
    onChange(mended) {
      for (const plan of plans) if (stoppedPlans.isStopped(plan)) dispatcher.dropTopics(plan.topics);
      holdTopics();
      // What was let go of it lies before the offsets that are fetched by now.
      if (mended !== undefined && accepting) supervisor.restart();
    },
  });
  const budget = new ByteBudget({
    highBytes: Math.floor(profile.bytesMax * PAUSE_SHARE),
    lowBytes: Math.floor(profile.bytesMax * RESUME_SHARE),
    onPause() {
      counters.pauses += 1;
      supervisor.source.pause();
    },
    onResume: () => supervisor.source.resume(),
  });
  const buffers = new BufferPool(() => Math.max(budget.roomBytes, profile.bytesMax * POOL_SHARE));
  const tools: RangeTools = {
    origin,
    taskFormat,
    pool,
    sink,
    sharedTables,
    shared: new RangeBuffers(budget, buffers),
    publishDeadLetters: options.publishDeadLetters,
    givenUp,
    checkFields: (plan, where, fields, rowCount) => watches.get(plan.key)!.check(where, fields, rowCount),
    onRefusedWhole: (table, answer) => log.info({ table, err: answer }, "refused as a whole, will be sent by rows"),
  };
  const supervisor = new SourceSupervisor({
    create() {
      const source = createSource(options.source, sourceEvents(), buffers);
      source.hold(heldTopics);
      if (budget.paused) source.pause();
      return source;
    },
    onRestart() {
      counters.sourceRestarts += 1;
      epoch?.end("the consumer is started again");
      epoch = undefined;
      dispatcher.assign([]);
    },
    failure,
    clock: systemClock,
    log,
  });
  const planRoom = new PlanRoom({
    // One range in each insert, and one in each worker to follow it.
    flightsMax: profile.insertsMax + profile.workers,
    stalledBytesMax: Math.floor((profile.bytesMax * PAUSE_SHARE * STALLED_SHARE) / Math.max(1, plans.length - 1)),
    isStalled(planKey) {
      const plan = plans.find(({ key }) => key === planKey)!;
      return sink.isStalled(plan.table) || sink.isStalled(plan.deadLetters.table);
    },
  });
  const dispatcher: Dispatcher = createDispatcher({
    limits: { rows: profile.flushRows, bytes: profile.flushBytes, intervalMs: profile.flushIntervalMs },
    budget,
    buffers,
    clock: systemClock,
    wallMs: () => Date.now(),
    hasRoom: (topic) => planRoom.hasRoom(planByTopic.get(topic)!.key),
    isBusy: () => flights.count > 0,
    onCut(range) {
      const landed = planRoom.begin(planByTopic.get(range.topic)!.key, range.byteLength);
      flights.add(
        deliver(range).then(() => {
          landed();
          holdTopics();
        }),
      );
      holdTopics();
      // The one partition that was let through has what it needs.
      if (isStarved && budget.paused) supervisor.source.pause();
      isStarved = false;
    },
    onStarved(partition) {
      isStarved = true;
      supervisor.source.resumeOnly(partition);
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
        supervisor.source.seek(batch, wantedOffset);
      },
      async beforeJoin() {
        unknownGroup.forget();
        await endEpoch();
      },
      async onBegin(topic, partition, offset) {
        if (!options.allowsDuplicates) await refuseUnknownGroup(topic, partition, offset);
        if (options.source.from === "earliest" || offset === 0) return;
        const runs = [{ first: 0, last: offset - 1 }];
        const gap = { ...origin, topic, partition, reason: "skipped" as const, runs };
        await mayStore;
        await storeGap(client, gap, `${tokenScopeOf(origin)}:${topic}:${partition}:begin-${offset}`);
      },
      isNewTopic: (topic) => unreadTopics.wasAbsent(topic),
      onUnread(unread) {
        unreadTopics.set(unread);
        counters.unread = unread.length;
      },
      onJoined({ partitions, commit }) {
        if (!accepting) return;
        const assigned = readAssigned(partitions, options.unreadableIntents, log, failure);
        epoch = new Epoch({
          partitions: assigned,
          clock: systemClock,
          fenceMs: options.fenceMs,
          clickHouseOffset: () => clickHouseClock.offset(),
          commit,
          onCommitError(error) {
            if (error instanceof StaleOwner) log.info(`${error.message}: joins anew, what is under way is repeated`);
            else if (!failure.failIfHopeless("commit to", error))
              log.warn({ err: error }, "offset commit failed, will be repeated");
          },
          onCommit(when, at) {
            options.hooks?.onStep?.(when, at.topic, at.partition, at.offset, at.offset);
            if (when === "afterCommit") openRanges.committed(at);
          },
        });
        openRanges.begin();
        void noteWritersOnce();
        sharedTables.doubt();
        dispatcher.assign(assigned.filter(({ topic }) => !stoppedPlans.isStopped(planByTopic.get(topic)!)));
        const replayed = assigned.reduce((count, { intents }) => count + intents.length, 0);
        counters.replayedRanges += replayed;
        log.info(
          `${counted(assigned.length, "partition")} assigned, ${counted(replayed, "range")} in flight to be repeated`,
        );
        log.debug({ partitions: assigned }, "assigned");
      },
      onOutOfRange,
      onCrash(error: Error) {
        if (failure.failIfHopeless("read from", error)) return;
        log.error({ err: error }, "Kafka consumer stopped, will be started again");
        supervisor.restart();
      },
    };
  }

  async function refuseUnknownGroup(topic: string, partition: number, offset: number): Promise<void> {
    try {
      await unknownGroup.check(planByTopic.get(topic)!, topic, partition, offset);
    } catch (error) {
      if (error instanceof MillraceError) failure.raise(error);
      throw error;
    }
  }

  /** The group is in, and nothing was refused: its rows will be in the tables, and others have to know. */
  async function noteWritersOnce(): Promise<void> {
    if (areWritersNoted) return;
    areWritersNoted = true;
    try {
      await unlessAborted(mayStore, givenUp);
      await noteWriters(client, plans);
    } catch (error) {
      areWritersNoted = false;
      if (givenUp.aborted) return;
      log.warn({ err: error }, "it is not noted who writes into the tables, will be tried again at the next rebalance");
    }
  }

  /** One pipeline has nobody to give way to. */
  function holdTopics(): void {
    if (plans.length === 1) return;
    const isHeld = (plan: TablePlan) => stoppedPlans.isStopped(plan) || planRoom.isCrowded(plan.key);
    const topics = plans.filter(isHeld).flatMap((plan) => plan.topics);
    if (topics.length === heldTopics.size && topics.every((topic) => heldTopics.has(topic))) return;
    heldTopics = new Set(topics);
    supervisor.source.hold(heldTopics);
  }

  /** Lets what is under way finish, as long as the group can wait, and ends the epoch. */
  async function endEpoch(): Promise<void> {
    const ending = epoch;
    if (ending === undefined) return;
    dispatcher.assign([]);
    await drainEpoch(ending, flights, systemClock, sessionTimeoutMs * REBALANCE_DRAIN_SHARE);
    if (epoch === ending) epoch = undefined;
  }

  function onOutOfRange(topic: string, partition: number, offset: number, logStart: number, logEnd: number): number {
    if (offset > logEnd) {
      const plan = planByTopic.get(topic)!;
      stoppedPlans.stop(plan, beyondLogEnd({ topic, partition, offset, logEnd, groupId, table: plan.table }));
      // Out of a callback of the Kafka client, which would try again.
      if (failure.first !== undefined) throw failure.first;
      return offset;
    }
    const lost = logStart - offset;
    counters.lostOffsets += lost;
    log.error(
      { topic, partition, offset, logStart, lost },
      "records lost: retention deleted them before they were read. Raise retention.ms, or find out why the lag grew",
    );
    dispatcher.loseTo(topic, partition, logStart);
    const gap = {
      ...origin,
      topic,
      partition,
      reason: "lost" as const,
      runs: [{ first: offset, last: logStart - 1 }],
    };
    const owner = epoch;
    if (owner !== undefined) {
      flights.add(
        sink.store(gapBatch(gap, tokenScopeOf(origin)), offset, logStart - 1, owner.lease(topic, partition)).then(
          () => {},
          (error) => ended(error, topic),
        ),
      );
    }
    return logStart;
  }

  /** One range from cut to commit. Never rejects: an error stops the pipeline, and the offset stays uncommitted. */
  async function deliver(range: RawRange): Promise<void> {
    const memory = new RangeMemory(tools.shared, range.byteLength);
    const key = `${partitionKey(range.topic, range.partition)}:${range.firstOffset}`;
    const owner = epoch;
    try {
      if (owner === undefined) throw new StaleOwner("no partition is assigned");
      openRanges.add(range);
      const plan = planByTopic.get(range.topic)!;
      const stored = await deliverRange(owner, range, rangeWork(tools, plan, range, memory), options.hooks?.onStep);
      note(range, stored);
      stoppedPlans.noteStored(plan);
      workerFailures.delete(key);
    } catch (error) {
      // Of an epoch that is over, the range is read again in any case.
      if (error instanceof WorkerEnded && owner === epoch) onWorkerEnded(key, error);
      else ended(error, range.topic);
    } finally {
      memory.close();
      eventLoop.mark();
    }
  }

  /** A range has ended without being acknowledged. */
  function ended(error: unknown, topic: string): void {
    const isLetGo = error instanceof StaleOwner || error instanceof WorkerEnded || abandon.signal.aborted;
    if (isLetGo) counters.abandonedRanges += 1;
    else stoppedPlans.stop(planByTopic.get(topic)!, error);
  }

  /**
   * A thread that ends takes the range's bytes with it: they are fetched once more. Nothing of the range was inserted yet.
   */
  function onWorkerEnded(key: string, error: WorkerEnded): void {
    const failures = (workerFailures.get(key) ?? 0) + 1;
    workerFailures.set(key, failures);
    counters.workerRestarts += 1;
    if (failures < WORKER_FAILURES_MAX) {
      log.error({ err: error, range: key }, "a worker thread ended, its range will be read again");
      supervisor.restart();
      return;
    }
    const text = `The worker ended ${failures} times at the range that begins at ${key}: ${error.message}`;
    failure.fail(
      new MillraceError("E_WORKER", `${text}. Look at the records there; --transcoder reference may tell more`),
    );
  }

  function note(range: RawRange, { result, stored, sentMs, acknowledgedMs }: StoredRange): void {
    if (result === undefined) return;
    countRange(counters, range, stored, result);
    const batch = { ...result, batches: range.batches, rowCount: stored, insertSentMs: sentMs, acknowledgedMs };
    recordBatch(total, batch);
    recordBatch(interval, batch);
  }

  async function finishFlights(): Promise<true> {
    await flights.landed();
    // What was stored is committed even after a failure elsewhere: the next start has less to repeat.
    await epoch?.flush().catch((error) => log.warn({ err: error }, "the last offsets are not committed"));
    return true;
  }

  async function shutDown({ finishMs, leaveMs }: { finishMs: number; leaveMs: number }): Promise<void> {
    accepting = false;
    supervisor.stopSupervising();
    stoppedPlans.close();
    supervisor.source.pause();
    dispatcher.cutAll();
    dispatcher.stop();
    if ((await within(finishMs, finishFlights())) === undefined) {
      abandon.abort(new StaleOwner("the time to drain is over"));
    }
    epoch?.end("stopped");
    epoch = undefined;
    const leaving = supervisor.stop().then(() => true);
    const hasLeft = await within(leaveMs, leaving).catch(() => undefined);
    if (hasLeft === undefined)
      log.warn("Kafka did not answer to the leave of the group: it waits for the session's end");
    await within(leaveMs, pool.close());
  }

  return {
    counters,
    total,
    budget,
    eventLoop,
    failed: failure.happened,
    stopped: () => stoppedPlans.list,
    fields: () => plans.map(({ key }) => watches.get(key)!.figures),
    takeInterval() {
      const taken = interval;
      interval = new StageTable();
      return taken;
    },
    async start() {
      // Before there are partitions: what they wait for, the group waits for.
      await workersReady;
      await supervisor.start();
    },
    async drain(time) {
      await shutDown(time);
      if (failure.first !== undefined) throw failure.first;
      return openRanges.left;
    },
    async close(leaveMs) {
      if (accepting) await shutDown({ finishMs: 0, leaveMs });
    },
  };
}
