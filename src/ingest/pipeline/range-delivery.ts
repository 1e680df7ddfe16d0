import { MillraceError } from "../../core/errors.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import { countRange } from "../../telemetry/counters.ts";
import { recordRange } from "../../telemetry/recorder.ts";
import type { RawRange } from "../dispatch/accumulator.ts";
import { WorkerEnded } from "../dispatch/worker-pool.ts";
import { deliverRange } from "./delivery.ts";
import { type PipelineState, planOf } from "./pipeline-state.ts";
import { RangeMemory } from "./range-memory.ts";
import { type RangeTools, rangeWork, type StoredRange } from "./range-work.ts";
import type { StoppedPlans } from "./stopped-plans.ts";

/** A range at which a worker ended so often is not tried again. */
const WORKER_FAILURES_MAX = 3;

export interface RangeDelivery {
  /** One range from cut to commit. Never rejects: an error stops the pipeline, and the offset stays uncommitted. */
  deliver(range: RawRange): Promise<void>;
  /** A range of the topic has ended without being acknowledged. */
  ended(error: unknown, topic: string): void;
}

/** @param restart has everything fetched once more that is not committed */
export function createRangeDelivery(
  state: PipelineState,
  tools: RangeTools,
  stoppedPlans: StoppedPlans,
  restart: () => void,
): RangeDelivery {
  const { counters, failure } = state;
  const { hooks, log } = state.options;
  const workerFailures = new Map<string, number>();

  async function deliver(range: RawRange): Promise<void> {
    const memory = new RangeMemory(tools.shared, range.byteLength);
    const key = `${partitionKey(range)}:${range.firstOffset}`;
    const owner = state.epoch;
    try {
      if (owner === undefined) throw new StaleOwner("no partition is assigned");
      state.openRanges.add(range);
      const plan = planOf(state, range.topic);
      const stored = await deliverRange(owner, range, rangeWork(tools, plan, range, memory), hooks?.onStep);
      noteStored(state, range, stored);
      stoppedPlans.noteStored(plan);
      workerFailures.delete(key);
    } catch (error) {
      // Of an epoch that is over, the range is read again in any case.
      if (error instanceof WorkerEnded && owner === state.epoch) onWorkerEnded(key, error);
      else ended(error, range.topic);
    } finally {
      memory.close();
      state.eventLoop.mark();
    }
  }

  function ended(error: unknown, topic: string): void {
    const isLetGo = error instanceof StaleOwner || error instanceof WorkerEnded || state.abandon.signal.aborted;
    if (isLetGo) counters.abandonedRanges += 1;
    else stoppedPlans.stop(planOf(state, topic), error);
  }

  /**
   * A thread that ends takes the range's bytes with it: they are fetched once more. Nothing of the range was inserted yet.
   */
  function onWorkerEnded(key: string, error: WorkerEnded): void {
    const failures = (workerFailures.get(key) ?? 0) + 1;
    workerFailures.set(key, failures);
    counters.workerRestarts += 1;
    if (failures < WORKER_FAILURES_MAX) {
      log.error({ err: error, range: key }, "a worker thread ended, reading its range again");
      restart();
      return;
    }
    const text = `A worker thread ended ${failures} times at the range that begins at ${key}: ${error.message}`;
    failure.fail(
      new MillraceError("E_WORKER", `${text}. Look at the records there; --transcoder reference may tell more`),
    );
  }

  return { deliver, ended };
}

function noteStored(
  state: PipelineState,
  range: RawRange,
  { result, stored, sentMs, acknowledgedMs }: StoredRange,
): void {
  if (result === undefined) return;
  countRange(state.counters, range, stored, result);
  const acknowledged = { ...result, batches: range.batches, rowCount: stored, insertSentMs: sentMs, acknowledgedMs };
  recordRange(state.total, acknowledged);
  recordRange(state.interval, acknowledged);
}
