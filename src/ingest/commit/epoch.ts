import type { Lease } from "../../core/lease.ts";
import type { AssignedPartition, BundleRef, CommitOffset } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import {
  compareTopicPartitions,
  type PartitionRange,
  partitionKey,
  type TopicPartition,
} from "../../core/topic-partition.ts";
import type { Member, OnWait } from "./admission.ts";
import { bundleIdOf } from "./bundle-id.ts";
import { Committer } from "./committer.ts";
import { type Confirm, type LeaseTerms, leaseOf } from "./epoch-lease.ts";
import { type LedgerRange, PartitionLedger } from "./ledger.ts";

export interface EpochOptions extends LeaseTerms {
  partitions: readonly AssignedPartition[];
  /** The plan that a topic's records are for: pipelines do not take each other's room in commits. */
  planKeyOf(topic: string): string;
  commit(offsets: CommitOffset[], check: () => void): Promise<readonly TopicPartition[]>;
  onCommitError(error: unknown): void;
  onCommit?: ((when: "beforeCommit" | "afterCommit", offset: CommitOffset) => void) | undefined;
}

/**
 * One assignment of partitions to this member, from join to the next join. What was begun in it ends with it: commits,
 * intents and inserts of an epoch that is over are dropped, because the partition may belong to somebody else.
 *
 * A partition that stays with this member begins anew all the same. Between two assignments that this member sees there
 * may have been one that it did not see (it was stopped, or cut off): another owner may have moved the offset.
 */
export class Epoch {
  readonly #options: EpochOptions;
  readonly #ledgers = new Map<string, PartitionLedger>();
  readonly #committer: Committer;

  constructor(options: EpochOptions) {
    this.#options = options;
    const { clock, commit, onCommitError: onError, onCommit } = options;
    this.#committer = new Committer({ clock, commit, onError, onCommit });
    for (const start of options.partitions) {
      const ledger = new PartitionLedger(start.offset, start.intents, start.marks);
      this.#ledgers.set(partitionKey(start), ledger);
      this.#committer.add(start, ledger, options.planKeyOf(start.topic));
      // Spent marks stay for ever where nothing comes any more, and older programs cannot read a commit that has any.
      if (ledger.position !== start.offset || start.hasSpentMarks === true) this.#committer.note(start);
    }
  }

  /** Aborts, with a StaleOwner, when the epoch is over. */
  get ended(): AbortSignal {
    return this.#committer.ended;
  }

  get partitionCount(): number {
    return this.#ledgers.size;
  }

  /** @throws StaleOwner when the epoch is over. */
  check(): void {
    this.#committer.check();
  }

  /**
   * Opens ranges that were cut to be inserted together. To be called in the order of the cuts.
   *
   * @param bundle its members in the order of `compareTopicPartitions`, one of a partition
   * @throws StaleOwner when the epoch is over, or never had one of the partitions.
   */
  open({ members, judgedMs }: { members: readonly PartitionRange[]; judgedMs: number }): LedgerRange[] {
    this.check();
    const ref = bundleRefOf(members, judgedMs);
    const ledgers = members.map((at) => this.#ledgerOf(at));
    return members.map(({ firstOffset, lastOffset }, index) =>
      ledgers[index]!.open(firstOffset, lastOffset, judgedMs, ref),
    );
  }

  /** Ranges of this partition that an earlier owner announced and that are not stored yet. @throws StaleOwner */
  replays(at: TopicPartition): LedgerRange[] {
    this.check();
    return this.#ledgerOf(at).replays;
  }

  /**
   * Makes a bundle of ranges that are open already, when some of their old one are gone (MembersGone): of that nothing was
   * inserted, so that what commits say of it may be overwritten. They are announced anew.
   *
   * @throws StaleOwner
   */
  regroup(members: readonly Member[]): void {
    this.check();
    const judgedMs = members[0]!.range.judgedMs;
    const bundle = bundleRefOf(
      members.map(({ at, range: { firstOffset, lastOffset } }) => ({ ...at, firstOffset, lastOffset })),
      judgedMs,
    );
    for (const { at, range } of members) this.#ledgerOf(at).regroup(range, bundle);
  }

  /**
   * Takes ranges out of a bundle of which nobody knows whether it is stored: once that is announced, nobody can put it
   * together again. @throws StaleOwner
   */
  withdraw(members: readonly Member[]): void {
    this.check();
    for (const { at, range } of members) this.#ledgerOf(at).withdraw(range);
  }

  /** Resolves when Kafka has acknowledged a commit that names all the ranges. @throws StaleOwner @throws MembersGone */
  announce(members: readonly Member[], onWait?: OnWait): Promise<void> {
    return this.#committer.announce(members, onWait);
  }

  /**
   * The ranges are stored, by one insert: the offsets move as far as they can. All that a commit has to say of a bundle is
   * said by the same one, so there must be no await between its members. Of a bundle that an earlier owner announced,
   * commits go on saying until the epoch ends that it is stored: its other members may be somebody else's.
   *
   * @throws StaleOwner
   */
  acknowledge(members: readonly Member[]): void {
    this.check();
    const changed = members.filter(({ at, range }) => this.#ledgerOf(at).markDurable(range));
    if (changed.length > 0) this.#committer.note(...changed.map(({ at }) => at));
  }

  /**
   * The range is stored, by an insert of its own, and whether its bundle is, nobody knows: its other members have to be
   * looked at one by one, too. @throws StaleOwner
   */
  acknowledgeAlone({ at, range }: Member): void {
    this.check();
    if (this.#ledgerOf(at).markDurableAlone(range)) this.#committer.note(at);
  }

  #ledgerOf(at: TopicPartition): PartitionLedger {
    const ledger = this.#ledgers.get(partitionKey(at));
    if (ledger === undefined) throw new StaleOwner(`${partitionKey(at)} is not assigned`);
    return ledger;
  }

  /** The right to insert a bundle with these members. `confirm`: others may take it apart meanwhile. */
  lease(members: readonly TopicPartition[], confirm?: Confirm): Lease {
    return leaseOf(this.#committer, this.#options, members, confirm);
  }

  /** Resolves when all that was acknowledged is committed. @throws StaleOwner */
  flush(): Promise<void> {
    return this.#committer.flush();
  }

  end(reason: string): void {
    this.#committer.end(new StaleOwner(reason));
  }
}

function bundleRefOf(members: readonly PartitionRange[], judgedMs: number): BundleRef | undefined {
  const isSorted = members.every(
    (member, index) => index === 0 || compareTopicPartitions(members[index - 1]!, member) < 0,
  );
  if (!isSorted) throw new RangeError("the members of a bundle are not in order, or two are of one partition");
  return members.length > 1 ? { id: bundleIdOf(members, judgedMs), count: members.length } : undefined;
}
