import { StaleOwner } from "../../core/stale-owner.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import type { Member } from "../commit/admission.ts";
import type { Epoch } from "../commit/epoch.ts";
import { MembersGone } from "../commit/members-gone.ts";
import type { AnnouncedBundle } from "./delivery.ts";
import type { AnnouncedRange, Recovery } from "./recovery-plan.ts";

export interface RecoverySteps {
  /**
   * Reads the ranges, stores them and acknowledges those that are the epoch's. Resolves without, when `confirm` has rejected
   * with StaleOwner, or the epoch has ended.
   */
  repeat(ranges: readonly AnnouncedRange[], announced: AnnouncedBundle): Promise<void>;
  /** What the group's commits say by now is to be done about a bundle. Rejects when that cannot be found out. */
  look(bundleId: string): Promise<Recovery["kind"]>;
  /** Rejects when nobody can find out what the table lacks of these, and it matters. */
  requireAskable(ranges: readonly AnnouncedRange[]): Promise<void>;
  /** These are out of their bundles: resolves when no insert of them can be under way any more. */
  settle(ranges: readonly AnnouncedRange[]): Promise<void>;
}

/** What the recovery asks of its epoch. */
export type RecoveringOwner = Pick<Epoch, "check" | "replays" | "acknowledge" | "withdraw" | "announce">;

/** Finishes what an earlier owner has announced. @throws StaleOwner when the epoch ends. */
export async function finishRecovery(owner: RecoveringOwner, recovery: Recovery, steps: RecoverySteps): Promise<void> {
  const { kind, own, bundleId } = recovery;
  const members = own.map((range) => memberOf(owner, range));
  const announced = { members, bundleId, isDoubtful: false };
  const left = kind === "repeat" ? await repeatWhileWhole(recovery.ranges, announced, steps) : kind;
  if (left === "stored") owner.acknowledge(members);
  else if (left === "unknown") await storeWhatLacks(owner, recovery, members, steps);
}

/**
 * Others may have ranges of the bundle. An owner who read the commits when one of these was not in them (its topic was being
 * deleted) stores his ranges alone, and takes them out of the bundle before (`storeWhatLacks`): so it is looked at again
 * before each insert.
 *
 * Returns what is to be done when the bundle is not to be repeated any more; undefined: it is stored, or the epoch has ended.
 */
async function repeatWhileWhole(
  ranges: readonly AnnouncedRange[],
  announced: AnnouncedBundle,
  { repeat, look }: RecoverySteps,
): Promise<"stored" | "unknown" | undefined> {
  const { bundleId, members } = announced;
  if (bundleId === undefined || members.length === ranges.length) {
    await repeat(ranges, announced);
    return undefined;
  }
  const id = bundleId;
  let changed: "stored" | "unknown" | undefined;
  async function confirm(): Promise<void> {
    const kind = await look(id);
    if (kind === "repeat") return;
    changed = kind;
    throw new StaleOwner(`bundle ${id} is ${kind === "stored" ? "stored" : "not whole any more"}`);
  }
  await repeat(ranges, { ...announced, confirm });
  return changed;
}

/**
 * Nobody knows whether the bundle is stored, and somebody may be about to store it, now or in the next epoch: an owner who
 * could read all its ranges. So first the own ones are taken out of it, for good. Whoever looks for the bundle then does not
 * find it whole; who has looked before, inserts until the fence and the longest insert have passed. Then it is plain what the
 * table lacks.
 */
async function storeWhatLacks(
  owner: RecoveringOwner,
  recovery: Recovery,
  members: readonly Member[],
  { requireAskable, repeat, settle }: RecoverySteps,
): Promise<void> {
  const bundled = members.filter(({ range }) => range.bundle !== undefined);
  if (bundled.length > 0) await requireAskable(recovery.own);
  owner.withdraw(bundled);
  const gone = await announceThoseLeft(owner, bundled);
  const own = recovery.own.filter((range) => !gone.has(partitionKey(range)));
  if (own.length > 0) await settle(own);
  for (const range of own) {
    const members = [memberOf(owner, range)];
    await repeat([range], { members, bundleId: undefined, isDoubtful: true });
  }
}

/** Returns the partitions that Kafka does not have any more. @throws StaleOwner when the epoch ends. */
async function announceThoseLeft(owner: RecoveringOwner, members: readonly Member[]): Promise<Set<string>> {
  const gone = new Set<string>();
  for (let left = members; left.length > 0; left = left.filter(({ at }) => !gone.has(partitionKey(at)))) {
    try {
      await owner.announce(left);
      break;
    } catch (error) {
      owner.check();
      // StaleOwner within an epoch: it has none of them any more.
      const isGone = error instanceof MembersGone || error instanceof StaleOwner;
      if (!isGone) throw error;
      const partitions = error instanceof MembersGone ? error.partitions : left.map(({ at }) => at);
      for (const at of partitions) gone.add(partitionKey(at));
    }
  }
  return gone;
}

function memberOf(owner: RecoveringOwner, announced: AnnouncedRange): Member {
  const range = owner.replays(announced).find(({ firstOffset }) => firstOffset === announced.firstOffset);
  if (range === undefined) throw new StaleOwner(`${partitionKey(announced)}: the range is not in flight any more`);
  return { at: announced, range };
}
