import type { Lease } from "../../core/lease.ts";
import type { Intent } from "../../core/partition-offsets.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { Epoch } from "../commit/epoch.ts";
import type { DeliveryObserver, DeliveryStep } from "./delivery-steps.ts";

/** What is done with the records of a range; everything else about it is the protocol's. */
export interface RangeWork<Prepared, Stored> {
  /** Makes rows out of records. Writes nothing. */
  prepare(): Promise<Prepared>;
  /**
   * Stores the rows under tokens that depend on nothing but the range, so that doing it again adds nothing. Asks the lease
   * before each attempt.
   */
  store(prepared: Prepared, lease: Lease): Promise<Stored>;
}

/**
 * One range from its cut to the moment when its offset may be committed:
 *
 * 1. *intent*: a commit of the old offset names the range. From here on whoever owns the partition repeats it alike.
 * 2. *insert*: under the range's token and the fence. The rows are made meanwhile; only the insert waits for the intent.
 * 3. *acknowledge*: the ledger moves the offset over the unbroken prefix of stored ranges; a later commit carries it.
 *
 * A crash before 1 leaves nothing; between 1 and the commit behind 3, the next owner inserts the range once more, and
 * ClickHouse knows the token.
 *
 * Ranges of one partition must be begun in offset order: the range is opened before the first await.
 *
 * Returns what `store` did.
 *
 * @throws StaleOwner when the epoch ends before the range is acknowledged: then it is the next owner's.
 */
export async function deliverRange<Prepared, Stored>(
  epoch: Epoch,
  at: TopicPartition & Intent,
  work: RangeWork<Prepared, Stored>,
  onStep?: DeliveryObserver,
): Promise<Stored> {
  const step = (name: DeliveryStep) => onStep?.(name);
  const replay = epoch.replays(at).find(({ firstOffset }) => firstOffset === at.firstOffset);
  const isReplay = replay?.lastOffset === at.lastOffset;
  const range = isReplay ? replay : epoch.open({ members: [at], judgedMs: at.judgedMs })[0]!;
  const members = [{ at, range }];
  step("beforeIntent");
  const announced = epoch.announce(members).then(() => step("afterIntent"));
  // Rejected while the rows are still being made, it would count as unhandled.
  announced.catch(() => {});
  const prepared = await work.prepare();
  await announced;
  step("beforeInsert");
  const stored = await work.store(prepared, epoch.lease([at]));
  step("afterInsert");
  epoch.check();
  step("beforeAcknowledge");
  epoch.acknowledge(members);
  step("afterAcknowledge");
  return stored;
}
