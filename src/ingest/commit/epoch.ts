import type { Clock } from "../../core/clock.ts";
import type { Lease } from "../../core/lease.ts";
import type { AssignedPartition, CommitOffset, Intent } from "../../core/partition-offsets.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { Committer } from "./committer.ts";
import { type LedgerRange, PartitionLedger } from "./ledger.ts";

export interface EpochOptions {
  partitions: readonly AssignedPartition[];
  clock: Clock;
  /** How long after a proof of ownership an insert may begin, ms. */
  fenceMs: number;
  /** ClickHouse's clock minus `clock`, ms, and when that was measured, in `clock`'s ms. */
  clickHouseOffset(): Promise<{ offsetMs: number; measuredMs: number }>;
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
      const ledger = new PartitionLedger(start.offset, start.intents);
      this.#ledgers.set(partitionKey(start), ledger);
      this.#committer.add(start, ledger);
    }
  }

  /** @throws StaleOwner when the epoch is over. */
  check(): void {
    this.#committer.check();
  }

  /**
   * Opens a range that was cut. To be called in the order in which the ranges were cut.
   *
   * @throws StaleOwner when the epoch is over, or never had the partition.
   */
  open(range: TopicPartition & Intent): LedgerRange {
    this.check();
    const ledger = this.#ledgers.get(partitionKey(range));
    if (ledger === undefined) throw new StaleOwner(`${partitionKey(range)} is not assigned`);
    return ledger.open(range.firstOffset, range.lastOffset, range.judgedMs);
  }

  /** Resolves when Kafka has acknowledged a commit that names the range. @throws StaleOwner */
  announce(at: TopicPartition, range: LedgerRange): Promise<void> {
    return this.#committer.announce(at, range);
  }

  /** The range is stored: the offset moves as far as it can. @throws StaleOwner */
  acknowledge(at: TopicPartition, range: LedgerRange): void {
    this.check();
    const moved = this.#ledgers.get(partitionKey(at))!.markDurable(range);
    if (moved) this.#committer.note(at);
  }

  /**
   * The right to insert. An owner that was stopped between its last proof of ownership and the insert (SIGSTOP, a long
   * collection, a frozen machine) wakes up with a deadline that has passed; ClickHouse then writes nothing.
   *
   * The proof must be younger than the measurement of the clocks: a frozen machine's clock may stand still, and what is
   * measured afterwards would carry an old proof over the time that it slept. For the same reason whoever asks again,
   * because the insert came late or failed, gets a new proof.
   */
  lease(at: TopicPartition): Lease {
    const { clock, fenceMs, clickHouseOffset } = this.#options;
    const committer = this.#committer;
    let isAskedAgain = false;
    return {
      deadlineMs: async () => {
        this.check();
        const { offsetMs, measuredMs } = await clickHouseOffset();
        // Half: what is left must do for the upload's first byte to arrive.
        const isOld = clock.nowMs() - committer.provenMs > fenceMs / 2;
        if (isOld || isAskedAgain || committer.provenMs < measuredMs) await committer.prove(at);
        isAskedAgain = true;
        this.check();
        return Math.floor(committer.provenMs + offsetMs + fenceMs);
      },
    };
  }

  /** Resolves when all that was acknowledged is committed. @throws StaleOwner */
  flush(): Promise<void> {
    return this.#committer.flush();
  }

  end(reason: string): void {
    this.#committer.end(new StaleOwner(reason));
  }
}
