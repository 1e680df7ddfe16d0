import type { Lease } from "../../core/lease.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { type PartitionRange, partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import type { Member, OnWait } from "../commit/admission.ts";
import type { Epoch } from "../commit/epoch.ts";
import type { Confirm } from "../commit/epoch-lease.ts";
import { MembersGone } from "../commit/members-gone.ts";
import type { DeliveryObserver, DeliveryStep } from "./delivery-steps.ts";

/** What is done with the records of a bundle; everything else about it is the protocol's. */
export interface BundleWork<Prepared, Stored> {
  /** Makes rows out of records. Writes nothing. */
  prepare(): Promise<Prepared>;
  /** The same without the records of these partitions, whose topics were deleted meanwhile. */
  leaveOut(prepared: Prepared, gone: readonly TopicPartition[]): Promise<Prepared>;
  /**
   * Stores the rows under tokens that depend on nothing but the bundle, so that doing it again adds nothing. Asks the lease
   * before each attempt.
   *
   * @param bundleId undefined: a range alone, which its token names
   */
  store(prepared: Prepared, lease: Lease, bundleId: string | undefined): Promise<Stored>;
}

/**
 * One bundle from its cut to the moment when its offsets may be committed:
 *
 * 1. *intent*: one commit of the old offsets names all its ranges. From here on whoever owns one of the partitions repeats
 *    the bundle alike.
 * 2. *insert*: under the bundle's token and the fence. The rows are made meanwhile; only the insert waits for the intent.
 * 3. *acknowledge*: each ledger moves its offset over the unbroken prefix of stored ranges; the next commit says of every
 *    range that it is stored.
 *
 * A crash before 1 leaves nothing; between 1 and the commit behind 3, the next owners insert the bundle once more, and
 * ClickHouse knows the token.
 *
 * Ranges of one partition must be begun in offset order: the bundle is opened before the first await.
 *
 * Returns what `store` did.
 *
 * @throws StaleOwner when the epoch ends before the bundle is acknowledged: then it is the next owners'.
 */
export async function deliverBundle<Prepared, Stored>(
  epoch: Epoch,
  { ranges, judgedMs }: { ranges: readonly PartitionRange[]; judgedMs: number },
  work: BundleWork<Prepared, Stored>,
  onStep?: DeliveryObserver,
  onWait?: OnWait,
): Promise<Stored> {
  const opened = epoch.open({ members: ranges, judgedMs });
  let members: Member[] = opened.map((range, index) => ({ at: ranges[index]!, range }));
  onStep?.("beforeIntent");
  let announced = announce(epoch, members, onWait);
  let prepared = await work.prepare();
  for (let gone = await announced; gone.length > 0; gone = await announced) {
    const keys = new Set(gone.map(partitionKey));
    members = members.filter(({ at }) => !keys.has(partitionKey(at)));
    if (members.length === 0) throw new StaleOwner(`${[...keys].join(", ")}: not in Kafka any more`);
    epoch.regroup(members);
    announced = announce(epoch, members, onWait);
    prepared = await work.leaveOut(prepared, gone);
  }
  onStep?.("afterIntent");
  return storeBundle(
    epoch,
    { members, bundleId: members[0]!.range.bundle?.id, isDoubtful: false },
    prepared,
    work,
    onStep,
  );
}

/** Resolves with the partitions without which the rest has to be announced. */
function announce(
  epoch: Epoch,
  members: readonly Member[],
  onWait: OnWait | undefined,
): Promise<readonly TopicPartition[]> {
  const announced = epoch.announce(members, onWait).then(
    () => [],
    (error) => {
      if (error instanceof MembersGone) return error.partitions;
      throw error;
    },
  );
  // Rejected while the rows are still being made, it would count as unhandled.
  announced.catch(() => {});
  return announced;
}

/** A bundle that commits name. */
export interface AnnouncedBundle {
  /** Those of its ranges that are the epoch's. */
  members: readonly Member[];
  /** Undefined: a range that is stored alone. */
  bundleId: string | undefined;
  /**
   * One range of a bundle of which nobody knows whether it is stored: only what the table lacks is to be stored, and that
   * it is says nothing of the other ranges.
   */
  isDoubtful: boolean;
  /** Asked before each insert, if somebody else can take the bundle apart meanwhile (`Epoch.lease`). */
  confirm?: Confirm | undefined;
}

/** The same for a bundle that an earlier owner has announced. */
export async function repeatBundle<Prepared, Stored>(
  epoch: Epoch,
  announced: AnnouncedBundle,
  work: BundleWork<Prepared, Stored>,
  onStep?: DeliveryObserver,
): Promise<Stored> {
  const prepared = await work.prepare();
  return storeBundle(epoch, announced, prepared, work, onStep);
}

async function storeBundle<Prepared, Stored>(
  epoch: Epoch,
  { members, bundleId, isDoubtful, confirm }: AnnouncedBundle,
  prepared: Prepared,
  work: BundleWork<Prepared, Stored>,
  onStep: DeliveryObserver | undefined,
): Promise<Stored> {
  const step = (name: DeliveryStep) => onStep?.(name);
  step("beforeInsert");
  const lease = epoch.lease(
    members.map(({ at }) => at),
    confirm,
  );
  const stored = await work.store(prepared, lease, bundleId);
  step("afterInsert");
  epoch.check();
  step("beforeAcknowledge");
  if (isDoubtful) for (const member of members) epoch.acknowledgeAlone(member);
  else epoch.acknowledge(members);
  step("afterAcknowledge");
  return stored;
}
