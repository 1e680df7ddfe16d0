import type { RawBatch } from "../core/raw-batch.ts";

/** When a partition's collected batches are cut into one range. Whichever limit is met first. */
export interface CutLimits {
  rows: number;
  bytes: number;
  intervalMs: number;
}

/** A range that was cut: raw batches of one partition, ready for a worker. */
export interface Cut {
  topic: string;
  partition: number;
  firstOffset: number;
  lastOffset: number;
  batches: RawBatch[];
  byteLength: number;
  /** From the batch headers: an upper bound of the records in range. */
  recordCount: number;
}

/**
 * Collects the raw batches of one partition until a limit is met.
 *
 * `nextOffset` is where the next range begins. A batch that lies wholly below it is one that kafkajs fetched again
 * (after a rebalance it resumes at the committed offset, while later ranges are still in flight here): dropped. A batch
 * that begins below it is cut at `nextOffset`.
 */
export class Accumulator {
  readonly topic: string;
  readonly partition: number;
  #nextOffset: number | undefined;
  #batches: RawBatch[] = [];
  #firstOffset = 0;
  #byteLength = 0;
  #recordCount = 0;
  #openedMs = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Takes a batch. Returns the bytes it now holds more: 0 for a batch it has seen. */
  add(batch: RawBatch): number {
    const floor = this.#nextOffset ?? batch.baseOffset;
    if (batch.lastOffset < floor) return 0;
    if (this.#batches.length === 0) {
      this.#firstOffset = Math.max(floor, batch.baseOffset);
      this.#openedMs = batch.receivedMs;
    }
    this.#batches.push(batch);
    this.#byteLength += batch.bytes.byteLength;
    this.#recordCount += batch.recordCount;
    this.#nextOffset = batch.lastOffset + 1;
    return batch.bytes.byteLength;
  }

  /** Sets where this partition continues: the committed offset, known before the first batch arrives. */
  startAt(offset: number): void {
    this.#nextOffset = offset;
  }

  /** Whether a size limit is met. */
  isFull(limits: CutLimits): boolean {
    return this.#recordCount >= limits.rows || this.#byteLength >= limits.bytes;
  }

  /** Whether the oldest batch has waited for the interval. */
  isOld(limits: CutLimits, nowMs: number): boolean {
    return this.#batches.length > 0 && nowMs - this.#openedMs >= limits.intervalMs;
  }

  /** When the oldest batch was received, ms since 1970. */
  get openedMs(): number {
    return this.#openedMs;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Cuts what was collected; undefined when nothing was. */
  cut(): Cut | undefined {
    const last = this.#batches.at(-1);
    if (last === undefined) return undefined;
    const cut: Cut = {
      topic: this.topic,
      partition: this.partition,
      firstOffset: this.#firstOffset,
      lastOffset: last.lastOffset,
      batches: this.#batches,
      byteLength: this.#byteLength,
      recordCount: this.#recordCount,
    };
    this.#batches = [];
    this.#byteLength = 0;
    this.#recordCount = 0;
    return cut;
  }
}
