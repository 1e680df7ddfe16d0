import type { BufferPool } from "../../core/buffer-pool.ts";
import { systemClock } from "../../core/clock.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { defaultInsertFormat, defaultTranscoder } from "../../core/transcoding.ts";
import { createWorkerPool, type WorkerPool } from "../dispatch/worker-pool.ts";
import type { Sink } from "../sink/sink.ts";
import { createRangeReader, type RangeReader } from "../source/range-reader.ts";
import { createAssignmentEvents } from "./assignment-events.ts";
import { createBundleDelivery } from "./bundle-delivery.ts";
import { BundleBuffers } from "./bundle-memory.ts";
import type { BundleTools } from "./bundle-work.ts";
import { FieldWatch } from "./field-watch.ts";
import { createIntake, type Intake } from "./intake.ts";
import { logPlanNotes } from "./log-plan-notes.ts";
import { tellLost } from "./out-of-range.ts";
import { createPermittedSink } from "./permitted-sink.ts";
import { createState, type PipelineState } from "./pipeline-state.ts";
import type { Pipeline, PipelineOptions, Standing } from "./pipeline-types.ts";
import { readAnnounced } from "./read-announced.ts";
import { hasRowsOfTopics } from "./rows-of-topic.ts";
import { SharedTables } from "./shared-tables.ts";
import { shutDown } from "./shut-down.ts";
import type { SourceSupervisor } from "./source-supervisor.ts";
import { examinePlan, StoppedPlans } from "./stopped-plans.ts";
import { superviseSource } from "./supervised-source.ts";

/**
 * The one place where the stages meet: source → dispatch → workers → sink → commit.
 *
 * Each assignment is an epoch (src/ingest/commit/epoch.ts). Before the next join the pipeline drains what is under way, for a
 * while; then the epoch is over, and whatever is still under way ends with StaleOwner and is the next owner's, who finds
 * it in the intents of the last commit.
 *
 * The parts call each other; what is made later is reached through a function, and none is called before all are made.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { plans, profile, log } = options;
  const state = createState(options);
  const { client, givenUp } = state;
  const watches = new Map(
    plans.map((plan) => [plan.key, new FieldWatch(plan, log, () => hasRowsOfTopics(client, plan, givenUp))]),
  );
  const taskFormat = (options.insertFormat ?? defaultInsertFormat) === "native" ? "native" : "rows";
  logPlanNotes(plans, taskFormat, log);
  const pool = createWorkerPool(
    plans,
    profile.workers,
    options.transcoder ?? defaultTranscoder,
    options.hooks?.workerFile,
  );
  // They load while everything else is connected.
  const workersReady = pool.prepare();
  workersReady.catch(() => {});
  const sink = createPermittedSink(state, () => intake.holdTopics());
  const sharedTables = new SharedTables(client, plans, log, systemClock);
  const restart = () => supervisor.restart();
  const stoppedPlans = createStoppedPlans(
    state,
    () => intake,
    () => supervisor.renew(),
  );
  const intake: Intake = createIntake(state, {
    source: () => supervisor.source,
    deliver: (bundle, onWait) => delivery.deliver(bundle, onWait),
    isStopped: (plan) => stoppedPlans.isStopped(plan),
    isStalled: sink.isStalled,
  });
  const tools: BundleTools = {
    ...{ origin: state.origin, taskFormat, pool, sink, sharedTables, givenUp },
    shared: new BundleBuffers(intake.budget, intake.buffers),
    publishDeadLetters: options.publishDeadLetters,
    checkFields: (plan, where, fields, rowCount) => watches.get(plan.key)!.check(where, fields, rowCount),
    onLost: (at, run) => tellLost(state, at, run),
    onRefusedWhole: (table, answer) => log.info({ table, err: answer }, "refused as a whole, sending it by rows"),
  };
  const delivery = createBundleDelivery(state, tools, stoppedPlans, restart);
  const reader = openReader(state, intake.buffers);
  const announced = readAnnounced(reader, intake.budget, intake.buffers);
  const assignment = createAssignmentEvents(state, {
    ...{ intake, sink, sharedTables, stoppedPlans, delivery, announced },
  });
  const supervisor: SourceSupervisor = superviseSource(state, intake, assignment);
  const parts = { supervisor, stoppedPlans, intake, pool, reader };
  return {
    ...shownOf(state, intake, pool, sink),
    failed: state.failure.happened,
    stopped: () => stoppedPlans.list,
    fields: () => plans.map(({ key }) => watches.get(key)!.figures),
    async start() {
      // Before there are partitions: what they wait for, the group waits for.
      await workersReady;
      await supervisor.start();
    },
    async drain(time) {
      await shutDown(state, parts, time);
      if (state.failure.first !== undefined) throw state.failure.first;
      return state.openRanges.left;
    },
    async close(leaveMs) {
      if (state.isAccepting) await shutDown(state, parts, { finishMs: 0, leaveMs });
    },
  };
}

/** What status line, report and metrics are made of. */
function shownOf(state: PipelineState, intake: Intake, workers: WorkerPool, sink: Sink) {
  const { counters, total, eventLoop, fetchTimes, failure } = state;
  const standing = (): Standing => ({
    partitions: state.epoch?.partitionCount,
    bundlesUnderWay: intake.flights.count,
    bundlesStandingMs: intake.flights.standingMs,
    stalled: sink.stalled(),
    failure: failure.first,
  });
  return { counters, total, budget: intake.budget, eventLoop, fetchTimes, workers, standing };
}

/** Reads what earlier owners have announced. */
function openReader({ options }: PipelineState, buffers: BufferPool): RangeReader {
  const { kafka, fetchBytesMax } = options.source;
  const onWait = (range: TopicPartition, reason: string) =>
    options.log.warn(`${partitionKey(range)}: ${reason}: a range in flight there waits to be repeated`);
  return createRangeReader({ kafka, fetchBytesMax, onWait }, buffers);
}

function createStoppedPlans(state: PipelineState, intake: () => Intake, renew: () => void): StoppedPlans {
  const { plans, log } = state.options;
  const stoppedPlans = new StoppedPlans({
    ...{ plans, log, failure: state.failure, clock: systemClock },
    examine: (plan) => examinePlan(state.client, plan),
    onChange(mended) {
      for (const plan of plans) {
        if (!stoppedPlans.isStopped(plan)) continue;
        intake().dispatcher.dropPlan(plan.key);
        state.stopRecovery(plan.key);
      }
      intake().holdTopics();
      // What was let go of it lies before the offsets that are fetched by now.
      if (mended !== undefined && state.isAccepting) renew();
    },
  });
  return stoppedPlans;
}
