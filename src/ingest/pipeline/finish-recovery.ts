import { StaleOwner } from "../../core/stale-owner.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import type { Member } from "../commit/admission.ts";
import type { Epoch } from "../commit/epoch.ts";
import type { AnnouncedBundle } from "./delivery.ts";
import type { AnnouncedRange, Recovery } from "./recovery-plan.ts";

export interface RecoverySteps {
  /** Reads the ranges, stores them and acknowledges those that are the epoch's. */
  repeat(ranges: readonly AnnouncedRange[], announced: AnnouncedBundle): Promise<void>;
  /** Resolves when no insert of an earlier owner can be under way any more. */
  settle(recovery: Recovery): Promise<void>;
}

/** Finishes what an earlier owner has announced. @throws StaleOwner when the epoch ends. */
export async function finishRecovery(owner: Epoch, recovery: Recovery, steps: RecoverySteps): Promise<void> {
  const { kind, own, bundleId } = recovery;
  const members = own.map((range) => memberOf(owner, range));
  if (kind === "stored") {
    owner.acknowledge(members);
    return;
  }
  if (kind === "repeat") {
    await steps.repeat(recovery.ranges, { members, bundleId, isDoubtful: false });
    return;
  }
  await steps.settle(recovery);
  for (const [index, range] of own.entries()) {
    await steps.repeat([range], { members: [members[index]!], bundleId: undefined, isDoubtful: true });
  }
}

function memberOf(owner: Epoch, announced: AnnouncedRange): Member {
  const range = owner.replays(announced).find(({ firstOffset }) => firstOffset === announced.firstOffset);
  if (range === undefined) throw new StaleOwner(`${partitionKey(announced)}: the range is not in flight any more`);
  return { at: announced, range };
}
