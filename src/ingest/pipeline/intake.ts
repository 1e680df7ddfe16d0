import { BufferPool } from "../../core/buffer-pool.ts";
import { systemClock } from "../../core/clock.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { OnWait } from "../commit/admission.ts";
import { MEMBERS_MAX } from "../commit/commit-size.ts";
import { ByteBudget } from "../dispatch/byte-budget.ts";
import { createDispatcher, type Dispatcher } from "../dispatch/dispatcher.ts";
import type { RawBundle } from "../dispatch/raw-bundle.ts";
import type { Source } from "../source/consumer-source.ts";
import { Flights } from "./flights.ts";
import { type PipelineState, planOf } from "./pipeline-state.ts";
import { PlanRoom } from "./plan-room.ts";
import { WaitNotes } from "./wait-notes.ts";

/**
 * Intake pauses when this share of the byte budget is in flight. The rest is for bytes that are not counted one by one: a
 * fetch that arrives after the pause, the workers' own memory, and what the pool keeps.
 */
const PAUSE_SHARE = 0.6;
/** Intake resumes below this share. Buffers for what it takes in from here to the next pause are in the pool. */
const RESUME_SHARE = 0.45;
/**
 * The share that the pool keeps even when nothing is under way, for the next fetch. While bundles are under way it may keep
 * as much as the budget has room for.
 */
const POOL_SHARE = 0.2;
/**
 * Of the bytes up to the pause, the share that may belong to pipelines whose tables take nothing, or whose bundles wait.
 * Only records are counted here; their rows take as many bytes again.
 */
const STALLED_SHARE = 1 / 4;

/** What intake asks of the other parts. */
export interface IntakeParts {
  /** The consumer of the moment. */
  source(): Source;
  /** Takes a bundle from its cut to its acknowledgement. Never rejects. */
  deliver(bundle: RawBundle, onWait: OnWait): Promise<void>;
  isStopped(plan: TablePlan): boolean;
  /** Whether the table has failed since it took something. */
  isStalled(table: string): boolean;
}

/** Where records wait until they are cut into bundles; it decides how much may be under way. */
export interface Intake {
  readonly budget: ByteBudget;
  readonly buffers: BufferPool;
  readonly dispatcher: Dispatcher;
  /** The bundles that are under way. */
  readonly flights: Flights;
  /** Topics that are not fetched: their pipeline is stopped, or has more under way than its table takes. */
  readonly heldTopics: ReadonlySet<string>;
  /** Decides anew which topics are held; to be called when a pipeline stops or goes on, or a table fails or recovers. */
  holdTopics(): void;
}

export function createIntake(state: PipelineState, parts: IntakeParts): Intake {
  const { plans, profile, log } = state.options;
  let heldTopics: ReadonlySet<string> = new Set();
  const flights = new Flights(() => {
    dispatcher.cutDue();
    // A burst is over: its buffers go back to the system.
    if (flights.count === 0) buffers.trimTo(profile.bytesMax * POOL_SHARE);
  });
  const budget = new ByteBudget({
    highBytes: Math.floor(profile.bytesMax * PAUSE_SHARE),
    lowBytes: Math.floor(profile.bytesMax * RESUME_SHARE),
    onPause() {
      state.counters.pauses += 1;
      parts.source().pause();
    },
    onResume: () => parts.source().resume(),
  });
  const buffers = new BufferPool(() => Math.max(budget.roomBytes, profile.bytesMax * POOL_SHARE));
  const planRoom = createPlanRoom(state, parts);
  const waitNotes = new WaitNotes(systemClock, (planKey, text) =>
    log.warn({ pipeline: state.planByKey.get(planKey)!.pipeline }, text),
  );
  const { flushRows: rows, flushBytes: bytes, flushIntervalMs: intervalMs } = profile;
  const dispatcher = createDispatcher({
    limits: { rows, bytes, intervalMs, members: MEMBERS_MAX },
    budget,
    buffers,
    clock: systemClock,
    wallMs: () => Date.now(),
    planKeyOf: (topic) => planOf(state, topic).key,
    hasRoom: (planKey) => planRoom.hasRoom(planKey),
    onCut(bundle) {
      const flight = planRoom.begin(bundle.planKey, bundle.byteLength);
      const onWait: OnWait = (behind) => {
        flight.waits(behind !== undefined);
        waitNotes.note(bundle.planKey, bundle, behind);
        holdTopics();
      };
      flights.add(
        parts.deliver(bundle, onWait).then(() => {
          flight.end();
          holdTopics();
        }),
      );
      holdTopics();
    },
  });

  function holdTopics(): void {
    if (plans.length === 1) return;
    const isHeld = (plan: TablePlan) => parts.isStopped(plan) || planRoom.isCrowded(plan.key);
    const topics = plans.filter(isHeld).flatMap((plan) => plan.topics);
    if (topics.length === heldTopics.size && topics.every((topic) => heldTopics.has(topic))) return;
    heldTopics = new Set(topics);
    parts.source().hold(heldTopics);
  }

  return {
    ...{ budget, buffers, dispatcher, flights, holdTopics },
    get heldTopics() {
      return heldTopics;
    },
  };
}

function createPlanRoom({ options: { plans, profile } }: PipelineState, { isStalled }: IntakeParts): PlanRoom {
  const shareBytes = Math.floor((profile.bytesMax * PAUSE_SHARE * STALLED_SHARE) / Math.max(1, plans.length - 1));
  return new PlanRoom({
    // One bundle in each insert, and in each worker one that comes next.
    flightsMax: profile.insertsMax + profile.workers,
    // What is fetched before it is noticed becomes one more.
    stalledBytesMax: Math.max(1, shareBytes - profile.flushBytes),
    isStalled(planKey) {
      const plan = plans.find(({ key }) => key === planKey)!;
      return isStalled(plan.table) || isStalled(plan.deadLetters.table);
    },
  });
}
