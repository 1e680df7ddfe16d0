import type { CommitOffset, Intent } from "../../core/partition-offsets.ts";
import { type PartitionRange, partitionKey, type TopicPartition } from "../../core/topic-partition.ts";

/** What a run took and did not finish. Nothing of it is committed: the next start reads it again. */
export interface LeftOver {
  ranges: number;
  /** Offsets of these ranges. */
  records: number;
  /** `topic:partition`, in the order in which they were taken from. */
  partitions: string[];
}

/** Which ranges of the present assignment were cut, and no committed offset covers yet. */
export class OpenRanges {
  /** By partition, in offset order. */
  readonly #open = new Map<string, Pick<Intent, "firstOffset" | "lastOffset">[]>();
  readonly #gone = new Set<string>();

  /** A new assignment: what was under way in the last one is its owner's, who may be somebody else. */
  begin(): void {
    this.#open.clear();
    this.#gone.clear();
  }

  add(range: PartitionRange): void {
    const { firstOffset, lastOffset } = range;
    const key = partitionKey(range);
    if (this.#gone.has(key)) return;
    const open = this.#open.get(key) ?? [];
    open.push({ firstOffset, lastOffset });
    this.#open.set(key, open);
  }

  committed(at: Pick<CommitOffset, "topic" | "partition" | "offset">): void {
    const { offset } = at;
    const key = partitionKey(at);
    const open = this.#open.get(key)?.filter(({ lastOffset }) => lastOffset >= offset) ?? [];
    if (open.length > 0) this.#open.set(key, open);
    else this.#open.delete(key);
  }

  /** Kafka does not have the partition any more: nothing of it can be committed, or read again. */
  forget(at: TopicPartition): void {
    this.#gone.add(partitionKey(at));
    this.#open.delete(partitionKey(at));
  }

  get left(): LeftOver {
    const ranges = [...this.#open.values()].flat();
    const records = ranges.reduce((sum, { firstOffset, lastOffset }) => sum + lastOffset - firstOffset + 1, 0);
    return { ranges: ranges.length, records, partitions: [...this.#open.keys()] };
  }
}
