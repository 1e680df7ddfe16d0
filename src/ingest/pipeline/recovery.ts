import { setTimeout as sleep } from "node:timers/promises";
import type { CommitOffset } from "../../core/partition-offsets.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import type { Epoch } from "../commit/epoch.ts";
import { insertSecondsMax } from "../sink/sink.ts";
import { readGroup } from "./assignment.ts";
import type { BundleDelivery } from "./bundle-delivery.ts";
import type { AnnouncedBundle } from "./delivery.ts";
import { finishRecovery } from "./finish-recovery.ts";
import type { Flights } from "./flights.ts";
import { type PipelineState, planOf } from "./pipeline-state.ts";
import type { AnnouncedBundles } from "./read-announced.ts";
import { RecoveryLine } from "./recovery-line.ts";
import { type AnnouncedRange, type Recovery, recoveryKindOf } from "./recovery-plan.ts";
import { requireAskable } from "./require-askable.ts";
import type { SharedTables } from "./shared-tables.ts";

export interface RecoveryParts {
  readonly flights: Flights;
  readonly delivery: BundleDelivery;
  readonly announced: AnnouncedBundles;
  readonly sharedTables: Pick<SharedTables, "has">;
  /** What the whole group has committed by now (Membership). */
  readGroupCommits(): Promise<readonly CommitOffset[]>;
  isStopped(topic: string): boolean;
  /** The epoch's (Membership). */
  generation: number;
}

/**
 * Finishes what earlier owners of the epoch's partitions have announced, beside what is fetched meanwhile, which begins
 * after it. What is known to be stored is acknowledged before this returns; what has to wait until it may be repeated,
 * keeps nothing waiting meanwhile.
 *
 * Ends with the epoch. The returned function begins no more, and ends what is being read: of one plan, or of all.
 */
export function recover(
  state: PipelineState,
  owner: Epoch,
  recoveries: readonly Recovery[],
  { flights, delivery, announced, sharedTables, readGroupCommits, isStopped, generation }: RecoveryParts,
): (planKey?: string) => void {
  const open = recoveries.filter(({ own }) => !isStopped(own[0]!.topic));
  for (const range of open.flatMap(({ own }) => own)) state.openRanges.add(range);
  if (recoveries.length > 0) state.options.log.debug({ recoveries: recoveries.map(summaryOf) }, "to be recovered");
  const planKeyOf = ({ own }: Recovery) => planOf(state, own[0]!.topic).key;
  const lines = new Map([...new Set(open.map(planKeyOf))].map((key) => [key, new RecoveryLine()]));
  const { settling } = state;
  const outOfBundles = recoveries.flatMap(({ own }) => own).filter(({ isDoubtful }) => isDoubtful === true);
  settling.begin(generation, outOfBundles, performance.now());
  const settle = (ranges: readonly AnnouncedRange[]) => {
    const now = performance.now();
    return waitFor(settling.sinceMs(ranges, now) + settlingMs(state) - now, state, owner, ranges);
  };
  const askable = async (ranges: readonly AnnouncedRange[]) => {
    if (!state.options.allowsDuplicates) await requireAskable(planOf(state, ranges[0]!.topic), sharedTables, ranges);
  };
  const look = (bundleId: string) => lookFor(bundleId, state, readGroupCommits);
  const repeat = (ranges: readonly AnnouncedRange[], bundle: AnnouncedBundle) => {
    const { key } = planOf(state, bundle.members[0]!.at.topic);
    const ownKeys = new Set(bundle.members.map(({ at }) => partitionKey(at)));
    const foreign = new Set(ranges.map(partitionKey).filter((at) => !ownKeys.has(at)));
    return lines.get(key)!.repeat(
      (signal) => announced.read(AbortSignal.any([owner.ended, signal]), key, ranges),
      (raw) => {
        if (bundle.isDoubtful) for (const range of ranges) settling.began(range);
        const history = { isReplay: true, isBare: ranges[0]!.isBare === true, absentOnly: bundle.isDoubtful, foreign };
        const repeated = delivery.repeat(owner, bundle, raw, history);
        // Only now: what is read or waited for must not keep a drain waiting.
        flights.add(repeated);
        return repeated;
      },
    );
  };
  for (const recovery of open) {
    finishRecovery(owner, recovery, { repeat, look, requireAskable: askable, settle }).catch((error) =>
      delivery.ended(error, planOf(state, recovery.own[0]!.topic)),
    );
  }
  return (planKey) => {
    for (const [key, line] of lines) if (planKey === undefined || planKey === key) line.close();
  };
}

/** `own` of the `count` ranges are ours: with fewer, somebody else recovers the others, or has. */
function summaryOf({ kind, own, bundleId }: Recovery) {
  return { kind, bundle: bundleId, own: own.length, count: own[0]!.bundle?.count ?? 1 };
}

async function lookFor(
  bundleId: string,
  { planByTopic, failure, options }: PipelineState,
  readGroupCommits: RecoveryParts["readGroupCommits"],
): Promise<Recovery["kind"]> {
  try {
    const group = readGroup(await readGroupCommits(), []);
    return recoveryKindOf(bundleId, group, (topic) => planByTopic.get(topic)?.key);
  } catch (error) {
    if (!failure.failIfHopeless("read from", error)) {
      options.log.warn({ err: error, bundle: bundleId }, "cannot read the group's commits, an insert waits for them");
    }
    throw error;
  }
}

/** After its deadline no insert of an earlier owner begins, and one that has begun ends within the server's limit. */
function settlingMs({ options: { fenceMs, hooks } }: PipelineState): number {
  return fenceMs + (hooks?.insertMsMax ?? insertSecondsMax * 1_000);
}

async function waitFor(
  exactMs: number,
  { options }: PipelineState,
  owner: Epoch,
  ranges: readonly AnnouncedRange[],
): Promise<void> {
  const waitMs = Math.max(0, Math.ceil(exactMs));
  options.log.warn(
    { partitions: ranges.map(partitionKey), bundle: ranges[0]!.bundle?.id, waitMs },
    "ranges are in flight together with others that no commit names any more (a deleted topic, offsets that were reset): " +
      "the table is asked whether they are stored, as soon as no insert of them can be under way",
  );
  await sleep(waitMs, undefined, { signal: owner.ended }).catch(() => owner.check());
}
