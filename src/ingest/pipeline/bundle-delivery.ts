import { MillraceError } from "../../core/errors.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { countBundle } from "../../telemetry/counters.ts";
import { recordBundle } from "../../telemetry/recorder.ts";
import type { OnWait } from "../commit/admission.ts";
import type { Epoch } from "../commit/epoch.ts";
import type { RawBundle } from "../dispatch/raw-bundle.ts";
import { WorkerEnded } from "../dispatch/worker-pool.ts";
import type { BundleHistory } from "./bundle-inserts.ts";
import { BundleMemory } from "./bundle-memory.ts";
import { type BundleTools, bundleWork, type StoredBundle } from "./bundle-work.ts";
import { type AnnouncedBundle, type BundleWork, deliverBundle, repeatBundle } from "./delivery.ts";
import type { PipelineState } from "./pipeline-state.ts";
import { rangesText } from "./ranges-text.ts";
import type { StoppedPlans } from "./stopped-plans.ts";

/** A bundle at which a worker ended so often is not tried again. */
const WORKER_FAILURES_MAX = 3;

export interface BundleDelivery {
  /** One bundle from cut to commit. Never rejects: an error stops its pipeline, and the offsets stay uncommitted. */
  deliver(bundle: RawBundle, onWait: OnWait): Promise<void>;
  /** The same for what an earlier owner has announced. Its bytes count in the budget already. */
  repeat(owner: Epoch, announced: AnnouncedBundle, raw: RawBundle, history: BundleHistory): Promise<void>;
  /** Something of the plan has ended without being acknowledged. */
  ended(error: unknown, plan: TablePlan): void;
}

/** @param restart has everything fetched once more that is not committed */
export function createBundleDelivery(
  state: PipelineState,
  tools: BundleTools,
  stoppedPlans: StoppedPlans,
  restart: () => void,
): BundleDelivery {
  const { counters, failure, planByKey } = state;
  const { hooks, log } = state.options;
  const workerFailures = new Map<string, number>();

  const fresh: BundleHistory = { isReplay: false, isBare: false, absentOnly: false, foreign: new Set() };
  type Run = (work: BundleWork<StoredBundle["result"], StoredBundle>) => Promise<StoredBundle>;

  async function run(bundle: RawBundle, history: BundleHistory, owner: Epoch | undefined, through: Run) {
    const memory = new BundleMemory(tools.shared, bundle.byteLength);
    const plan = planByKey.get(bundle.planKey)!;
    const where = rangesText(bundle.ranges);
    try {
      const stored = await through(bundleWork(tools, plan, bundle, history, memory));
      noteStored(state, plan, bundle, stored);
      stoppedPlans.noteStored(plan);
      workerFailures.delete(where);
    } catch (error) {
      // Of an epoch that is over, the bundle is read again in any case.
      if (error instanceof WorkerEnded && owner === state.epoch) onWorkerEnded(where, error);
      else ended(error, plan);
    } finally {
      memory.close();
      state.eventLoop.mark();
    }
  }

  function ended(error: unknown, plan: TablePlan): void {
    const isLetGo = error instanceof StaleOwner || error instanceof WorkerEnded || state.abandon.signal.aborted;
    if (isLetGo) counters.abandonedBundles += 1;
    else stoppedPlans.stop(plan, error);
  }

  /**
   * A thread that ends takes the bundle's bytes with it: they are fetched once more. Nothing of it was inserted yet.
   */
  function onWorkerEnded(where: string, error: WorkerEnded): void {
    const failures = (workerFailures.get(where) ?? 0) + 1;
    workerFailures.set(where, failures);
    counters.workerRestarts += 1;
    if (failures < WORKER_FAILURES_MAX) {
      log.error({ err: error, where }, "a worker thread ended, reading its records again");
      restart();
      return;
    }
    const text = `A worker thread ended ${failures} times at the same records: ${error.message}. They are ${where}`;
    failure.fail(new MillraceError("E_WORKER", `${text}. Look at them; --transcoder reference may tell more`));
  }

  return {
    deliver(bundle, onWait) {
      const owner = state.epoch;
      return run(bundle, fresh, owner, async (work) => {
        if (owner === undefined) throw new StaleOwner("no partition is assigned");
        for (const range of bundle.ranges) state.openRanges.add(range);
        return deliverBundle(owner, bundle, work, hooks?.onStep, onWait);
      });
    },
    repeat(owner, announced, raw, history) {
      return run(raw, history, owner, (work) => repeatBundle(owner, announced, work, hooks?.onStep));
    },
    ended,
  };
}

function noteStored(
  state: PipelineState,
  plan: TablePlan,
  bundle: RawBundle,
  { result, stored, sentMs, acknowledgedMs }: StoredBundle,
): void {
  if (result === undefined) return;
  countBundle(state.counters, bundle, stored, result);
  const batches = bundle.ranges.flatMap((range) => range.batches);
  const acknowledged = { ...result, batches, rowCount: stored, insertSentMs: sentMs, acknowledgedMs };
  recordBundle(state.total, acknowledged);
  state.options.onStored?.(plan, bundle, acknowledged);
}
