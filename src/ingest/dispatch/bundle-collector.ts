import type { BufferPool } from "../../core/buffer-pool.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import { compareTopicPartitions, partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import { BatchBuffers } from "./batch-buffers.ts";
import { OpenRange } from "./open-range.ts";
import type { RawBundle } from "./raw-bundle.ts";

/** When what a pipeline has collected is cut into one bundle. Whichever limit is met first. */
export interface CutLimits {
  rows: number;
  bytes: number;
  /** From the arrival of the oldest batch. */
  intervalMs: number;
  /** Partitions that one bundle has ranges of. */
  members: number;
}

/** Collects the raw batches of all partitions of one pipeline until a limit is met. */
export class BundleCollector {
  readonly planKey: string;
  readonly #buffers: BatchBuffers;
  readonly #ranges = new Map<string, OpenRange>();
  /** Those with a batch, in the order of their first: a partition that is idle costs a cut nothing. */
  #open: OpenRange[] = [];
  /** When what is collected is to be cut, by the steady clock. To be made earlier, not later. */
  dueMs = 0;
  #cutMs = Number.NEGATIVE_INFINITY;
  #byteLength = 0;
  #recordCount = 0;

  constructor(planKey: string, pool: BufferPool) {
    this.planKey = planKey;
    this.#buffers = new BatchBuffers(pool);
  }

  /** From now on batches of the partition are taken, from `offset` on. */
  begin(at: TopicPartition & { offset: number }): void {
    this.#ranges.set(partitionKey(at), new OpenRange(at));
  }

  /**
   * Takes a copy of a batch. One that lies wholly below the next offset was fetched twice: dropped; one of a partition that
   * is not begun, too. One whose fetch began above the next offset would leave a hole that nobody has looked into: it is
   * not taken.
   *
   * `dueMs`: when the bundle is to be cut that the batch opens, by the steady clock.
   *
   * Returns the bytes held more, or the offset to fetch from.
   */
  accept(batch: RawBatch, dueMs: number): { taken: number } | { wantedOffset: number } {
    const range = this.#ranges.get(partitionKey(batch));
    if (range === undefined || batch.lastOffset < range.nextOffset) return { taken: 0 };
    if (batch.fetchOffset > range.nextOffset) return { wantedOffset: range.nextOffset };
    const { bytes, recordCount, receivedMs } = batch;
    // Its transaction was taken back: there is nothing to store before the next batch that counts.
    const copy = bytes.length === 0 ? undefined : this.#buffers.copy(bytes);
    // Not before the copy, for which there may be no memory: fetched again, the batch would be taken for a repeat.
    range.show(batch);
    if (copy === undefined) return { taken: 0 };
    if (this.#open.length === 0) this.dueMs = dueMs;
    if (range.isEmpty) this.#open.push(range);
    range.add({ ...copy, byteLength: bytes.length, recordCount, receivedMs });
    this.#byteLength += bytes.length;
    this.#recordCount += recordCount;
    return { taken: bytes.length };
  }

  /** The log has lost the partition's records before `offset`. For when nothing is collected. */
  loseTo(at: TopicPartition, offset: number): void {
    this.#ranges.get(partitionKey(at))?.loseTo(offset);
  }

  get isEmpty(): boolean {
    return this.#open.length === 0;
  }

  /** Whether a size limit is met. */
  isFull({ rows, bytes, members }: CutLimits): boolean {
    return this.#recordCount >= rows || this.#byteLength >= bytes || this.#open.length >= members;
  }

  /** When the last bundle was cut, by the steady clock; −∞ before the first. */
  get cutMs(): number {
    return this.#cutMs;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /**
   * Cuts what was collected; undefined when nothing was.
   *
   * `wallMs`: the wall clock, ms since 1970. `steadyMs`: the one that nobody sets.
   */
  cut(wallMs: number, steadyMs: number): RawBundle | undefined {
    if (this.#open.length === 0) return undefined;
    this.#cutMs = steadyMs;
    const bundle: RawBundle = {
      planKey: this.planKey,
      ranges: this.#open.sort(compareTopicPartitions).map((range) => range.take()),
      buffers: this.#buffers.take(),
      byteLength: this.#byteLength,
      recordCount: this.#recordCount,
      judgedMs: wallMs,
    };
    this.#forget();
    return bundle;
  }

  /** Lets go of what was collected, and of the partitions. */
  clear(): void {
    this.#buffers.clear();
    this.#ranges.clear();
    this.#forget();
  }

  #forget(): void {
    this.#open = [];
    this.#byteLength = 0;
    this.#recordCount = 0;
  }
}
