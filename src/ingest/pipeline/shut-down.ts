import { StaleOwner } from "../../core/stale-owner.ts";
import { within } from "../../core/within.ts";
import type { WorkerPool } from "../dispatch/worker-pool.ts";
import type { RangeReader } from "../source/range-reader.ts";
import type { Intake } from "./intake.ts";
import type { PipelineState } from "./pipeline-state.ts";
import type { SourceSupervisor } from "./source-supervisor.ts";
import type { StoppedPlans } from "./stopped-plans.ts";

interface Parts {
  readonly supervisor: SourceSupervisor;
  readonly stoppedPlans: StoppedPlans;
  readonly intake: Intake;
  readonly pool: WorkerPool;
  readonly reader: RangeReader;
}

/** Stops intake, lets what is under way finish for `finishMs`, leaves the group, and ends the threads. */
export async function shutDown(
  state: PipelineState,
  { supervisor, stoppedPlans, intake: { dispatcher, flights }, pool, reader }: Parts,
  { finishMs, leaveMs }: { finishMs: number; leaveMs: number },
): Promise<void> {
  const { log } = state.options;
  state.isAccepting = false;
  supervisor.stopSupervising();
  stoppedPlans.close();
  supervisor.source.pause();
  state.stopRecovery();
  dispatcher.cutAll();
  dispatcher.stop();
  const finishing = async (): Promise<true> => {
    await flights.landed();
    // What was stored is committed even after a failure elsewhere: the next start has less to repeat.
    await state.epoch?.flush().catch((error) => log.warn({ err: error }, "the last offsets were not committed"));
    return true;
  };
  if ((await within(finishMs, finishing())) === undefined) {
    state.abandon.abort(new StaleOwner("the time to drain is over"));
  }
  state.epoch?.end("stopped");
  state.epoch = undefined;
  const leaving = supervisor.stop().then(() => true);
  const hasLeft = await within(leaveMs, leaving).catch(() => undefined);
  if (hasLeft === undefined)
    log.warn("Kafka did not answer when this member left the group: the group waits until its session times out");
  await within(leaveMs, Promise.all([pool.close(), reader.close()]));
}
