import type { BufferPool } from "../core/buffer-pool.ts";
import type { RawBatch } from "../core/raw-batch.ts";

/**
 * Bytes of the buffers that batches are collected in. Small, so that little is held for nothing, and all of one size, so
 * that every buffer that comes back fits the next need. The first is smaller still: most partitions of most topics are
 * quiet.
 */
const FIRST_BUFFER_BYTES = 64 * 1024;
const BUFFER_BYTES = 256 * 1024;

/** When a partition's collected batches are cut into one range. Whichever limit is met first. */
export interface CutLimits {
  rows: number;
  bytes: number;
  intervalMs: number;
}

/** A batch of a cut; its bytes are in the cut's buffers. */
export interface CutBatch {
  byteLength: number;
  /** From the batch header: at least the number of records in range. */
  recordCount: number;
  receivedMs: number;
}

/** A range that was cut: raw batches of one partition, ready for a worker. */
export interface Cut {
  topic: string;
  partition: number;
  firstOffset: number;
  lastOffset: number;
  batches: CutBatch[];
  /** The batches back to back; one that did not fit behind the one before it begins the next buffer. At least one. */
  buffers: ArrayBuffer[];
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
  readonly #pool: BufferPool;
  #batches: CutBatch[] = [];
  #buffers: ArrayBuffer[] = [];
  /** The last buffer, and how much of it is used. */
  #last = new Uint8Array(0);
  #lastUsed = 0;
  #firstOffset = 0;
  #byteLength = 0;
  #recordCount = 0;
  #openedMs = 0;
  #lastOffset = 0;

  constructor(topic: string, partition: number, pool: BufferPool) {
    this.topic = topic;
    this.partition = partition;
    this.#pool = pool;
  }

  /** Takes a copy of a batch. Returns the bytes it now holds more: 0 for a batch it has seen. */
  add(batch: RawBatch): number {
    const floor = this.#nextOffset ?? batch.baseOffset;
    if (batch.lastOffset < floor) return 0;
    if (this.#batches.length === 0) {
      this.#firstOffset = Math.max(floor, batch.baseOffset);
      this.#openedMs = batch.receivedMs;
    }
    const { bytes, recordCount, receivedMs } = batch;
    this.#copy(bytes);
    this.#batches.push({ byteLength: bytes.length, recordCount, receivedMs });
    this.#byteLength += bytes.length;
    this.#recordCount += recordCount;
    this.#lastOffset = batch.lastOffset;
    this.#nextOffset = batch.lastOffset + 1;
    return bytes.length;
  }

  #copy(bytes: Uint8Array): void {
    if (this.#buffers.length === 0 || this.#lastUsed + bytes.length > this.#last.length) {
      const buffer = this.#pool.take(
        Math.max(bytes.length, this.#buffers.length === 0 ? FIRST_BUFFER_BYTES : BUFFER_BYTES),
      );
      this.#buffers.push(buffer);
      this.#last = new Uint8Array(buffer);
      this.#lastUsed = 0;
    }
    this.#last.set(bytes, this.#lastUsed);
    this.#lastUsed += bytes.length;
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
    if (this.#batches.length === 0) return undefined;
    const cut: Cut = {
      topic: this.topic,
      partition: this.partition,
      firstOffset: this.#firstOffset,
      lastOffset: this.#lastOffset,
      batches: this.#batches,
      buffers: this.#buffers,
      byteLength: this.#byteLength,
      recordCount: this.#recordCount,
    };
    this.#batches = [];
    this.#buffers = [];
    this.#byteLength = 0;
    this.#recordCount = 0;
    return cut;
  }
}
