import type { RawBatch } from "../../core/raw-batch.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { RangeBatch, RawRange } from "./raw-bundle.ts";

/**
 * The range of one partition that is being collected.
 *
 * Ranges follow each other without a hole: where the log has no records (compaction, aborted transactions), the offsets
 * belong to the range after them.
 */
export class OpenRange implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  #firstOffset: number;
  /** First offset that has not been shown. */
  #nextOffset: number;
  #batches: RangeBatch[] = [];

  constructor({ topic, partition, offset }: TopicPartition & { offset: number }) {
    this.topic = topic;
    this.partition = partition;
    this.#firstOffset = offset;
    this.#nextOffset = offset;
  }

  /** First offset that has not been shown. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** The batch was looked at: the next one begins after it. */
  show({ lastOffset }: RawBatch): void {
    this.#nextOffset = lastOffset + 1;
  }

  add(batch: RangeBatch): void {
    this.#batches.push(batch);
  }

  /** The log has lost its records before `offset`. For when nothing is collected. */
  loseTo(offset: number): void {
    this.#nextOffset = Math.max(this.#nextOffset, offset);
    this.#firstOffset = Math.max(this.#firstOffset, offset);
  }

  /** What was collected, as a range; the next one begins after it. */
  take(): RawRange {
    const { topic, partition } = this;
    const batches = this.#batches;
    const range = { topic, partition, firstOffset: this.#firstOffset, lastOffset: this.#nextOffset - 1, batches };
    this.#firstOffset = this.#nextOffset;
    this.#batches = [];
    return range;
  }
}
