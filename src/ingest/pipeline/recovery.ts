import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../core/clock.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import type { Epoch } from "../commit/epoch.ts";
import { insertSecondsMax } from "../sink/sink.ts";
import type { BundleDelivery } from "./bundle-delivery.ts";
import type { AnnouncedBundle } from "./delivery.ts";
import { finishRecovery } from "./finish-recovery.ts";
import type { Flights } from "./flights.ts";
import { type PipelineState, planOf } from "./pipeline-state.ts";
import type { AnnouncedBundles } from "./read-announced.ts";
import type { AnnouncedRange, Recovery } from "./recovery-plan.ts";

/** Bundles of earlier owners that are read and stored at once: each holds its bytes beside those of the intake. */
const REPEATS_AT_ONCE = 2;
/** One whose records do not come, because a broker is away, lets another begin beside it after so long. */
const READ_MS_MAX = 5_000;

export interface RecoveryParts {
  readonly flights: Flights;
  readonly delivery: BundleDelivery;
  readonly announced: AnnouncedBundles;
  isStopped(topic: string): boolean;
}

/**
 * Finishes what earlier owners of the epoch's partitions have announced, beside what is fetched meanwhile, which begins
 * after it. Ends with the epoch; what is not begun when the returned function is called, is not begun any more.
 */
export function recover(
  state: PipelineState,
  owner: Epoch,
  recoveries: readonly Recovery[],
  { flights, delivery, announced, isStopped }: RecoveryParts,
): () => void {
  const waiting = inOrder(recoveries).filter(({ own }) => !isStopped(own[0]!.topic));
  for (const range of waiting.flatMap(({ own }) => own)) state.openRanges.add(range);
  if (recoveries.length > 0) state.options.log.debug({ recoveries: recoveries.map(summaryOf) }, "to be recovered");
  let isOver = false;
  // Earlier owners were fenced off by the join: however many ranges wait for that, they wait once.
  const settledMs = performance.now() + settlingMs(state);
  const settle = (recovery: Recovery) => waitUntil(settledMs, state, owner, recovery);
  const repeat = async (ranges: readonly AnnouncedRange[], bundle: AnnouncedBundle) => {
    const plan = planOf(state, bundle.members[0]!.at.topic);
    const ownKeys = new Set(bundle.members.map(({ at }) => partitionKey(at)));
    const cancel = systemClock.after(READ_MS_MAX, () => void finishAll());
    const raw = await announced.read(owner.ended, plan.key, ranges, ownKeys).finally(cancel);
    const history = { isReplay: true, isBare: ranges[0]!.isBare === true, absentOnly: bundle.isDoubtful };
    const repeated = delivery.repeat(owner, bundle, raw, history);
    // Only now: what is read or waited for must not keep a drain waiting.
    flights.add(repeated);
    await repeated;
  };
  const finishAll = async (): Promise<void> => {
    for (let recovery = waiting.shift(); recovery !== undefined && !isOver; recovery = waiting.shift()) {
      const { topic } = recovery.own[0]!;
      // One before may have stopped its pipeline.
      if (isStopped(topic)) continue;
      try {
        await finishRecovery(owner, recovery, { repeat, settle });
      } catch (error) {
        delivery.ended(error, planOf(state, topic));
      }
    }
  };
  for (let line = 0; line < REPEATS_AT_ONCE; line += 1) void finishAll();
  return () => {
    isOver = true;
  };
}

/** `own` of the `count` ranges are ours: with fewer, somebody else recovers the others, or has. */
function summaryOf({ kind, own, bundleId }: Recovery) {
  return { kind, bundle: bundleId, own: own.length, count: own[0]!.bundle?.count ?? 1 };
}

/** Those that have to wait last, so that no other waits with them. */
function inOrder(recoveries: readonly Recovery[]): Recovery[] {
  const waits = ({ kind }: Recovery) => kind === "unknown";
  return [...recoveries.filter((each) => !waits(each)), ...recoveries.filter(waits)];
}

/** After its deadline no insert of an earlier owner begins, and one that has begun ends within the server's limit. */
function settlingMs({ options: { fenceMs, hooks } }: PipelineState): number {
  return fenceMs + (hooks?.insertMsMax ?? insertSecondsMax * 1_000);
}

async function waitUntil(
  endMs: number,
  { options }: PipelineState,
  owner: Epoch,
  { own, bundleId }: Recovery,
): Promise<void> {
  const waitMs = Math.max(0, Math.ceil(endMs - performance.now()));
  options.log.warn(
    { partitions: own.map(partitionKey), bundle: bundleId, waitMs },
    "ranges are in flight together with others that no commit names any more (a deleted topic, offsets that were reset): " +
      "the table is asked whether they are stored, as soon as no insert of them can be under way",
  );
  await sleep(waitMs, undefined, { signal: owner.ended }).catch(() => owner.check());
}
