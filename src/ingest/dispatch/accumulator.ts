import type { BufferPool } from "../../core/buffer-pool.ts";
import type { AssignedPartition, Intent } from "../../core/partition-offsets.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";

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

/** A batch of a range; its bytes are in the range's buffers. */
export interface RangeBatch {
  byteLength: number;
  /** From the batch header: at least the number of records in range. */
  recordCount: number;
  receivedMs: number;
}

/** A range that was cut: raw batches of one partition, ready for a worker. */
export interface RawRange extends TopicPartition {
  firstOffset: number;
  lastOffset: number;
  batches: RangeBatch[];
  /**
   * The batches back to back; one that did not fit after the one before it begins the next buffer. None for an
   * announced range whose records are gone.
   */
  buffers: ArrayBuffer[];
  byteLength: number;
  /** From the batch headers: an upper bound of the records in range. */
  recordCount: number;
  /** The time that lateness is judged by, ms since 1970: now, or that of the range's first reading. */
  judgedMs: number;
  /** An earlier owner has announced it: its rows may be stored already. */
  isReplay: boolean;
  /** Its tokens name neither cluster nor group (Intent). */
  isBare?: true | undefined;
}

/**
 * Collects the raw batches of one partition until a limit is met.
 *
 * Ranges follow each other without a hole: where the log has no records (compaction, aborted transactions), the offsets
 * belong to the range after them. Announced ranges come first, with the bounds that they had; no other limit cuts them.
 *
 * A batch that lies wholly below the next offset was fetched twice: dropped. One that begins below it is cut there. One
 * whose fetch began above it would leave a hole that nobody has looked into: it is not taken.
 */
export class Accumulator {
  readonly topic: string;
  readonly partition: number;
  readonly #pool: BufferPool;
  /** First offset of the range that is being collected. */
  #rangeStart: number;
  /** First offset that has not been shown. */
  #nextOffset: number;
  /** Ranges of an earlier owner that are still to be cut, in order. */
  readonly #announced: Intent[];
  #batches: RangeBatch[] = [];
  #buffers: ArrayBuffer[] = [];
  /** The last buffer, and how much of it is used. */
  #last = new Uint8Array(0);
  #lastUsed = 0;
  #byteLength = 0;
  #recordCount = 0;
  #openedMs = 0;
  #lastOffset = 0;

  constructor({ topic, partition, offset, intents }: AssignedPartition, pool: BufferPool) {
    this.topic = topic;
    this.partition = partition;
    this.#pool = pool;
    this.#rangeStart = offset;
    this.#nextOffset = offset;
    this.#announced = [...intents];
  }

  /**
   * Takes a copy of a batch, as far as it lies in the present range: call `isAnnouncedComplete` and `cut` afterwards,
   * and add the batch again while it `reaches` beyond. Returns the bytes held more.
   *
   * `steadyMs`: a clock that nobody sets; the batch's age is measured with it.
   */
  add(batch: RawBatch, steadyMs: number): number {
    if (batch.lastOffset < this.#nextOffset) return 0;
    const announced = this.#announced[0];
    if (announced !== undefined && batch.baseOffset > announced.lastOffset) {
      // What is left of the announced range is gone from the log.
      this.#nextOffset = announced.lastOffset + 1;
      return 0;
    }
    const { bytes, recordCount, receivedMs } = batch;
    if (bytes.length > 0) {
      if (this.#batches.length === 0) this.#openedMs = steadyMs;
      this.#copy(bytes);
      this.#batches.push({ byteLength: bytes.length, recordCount, receivedMs });
    }
    this.#byteLength += bytes.length;
    this.#recordCount += recordCount;
    this.#lastOffset = Math.min(batch.lastOffset, announced?.lastOffset ?? batch.lastOffset);
    this.#nextOffset = this.#lastOffset + 1;
    return bytes.length;
  }

  /**
   * The log has lost its records before `offset`. For when nothing is collected, or a range is announced.
   */
  loseTo(offset: number): void {
    this.#nextOffset = Math.max(this.#nextOffset, offset);
    if (this.#announced.length === 0) this.#rangeStart = Math.max(this.#rangeStart, offset);
  }

  /** Whether the batch's fetch began above the next offset. */
  isAhead({ fetchOffset }: RawBatch): boolean {
    return fetchOffset > this.#nextOffset;
  }

  /** Whether a part of the batch was not taken yet. */
  reaches({ lastOffset }: RawBatch): boolean {
    return this.#nextOffset <= lastOffset;
  }

  /** First offset that has not been shown. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Ranges of an earlier owner that are still to be cut. */
  get announcedCount(): number {
    return this.#announced.length;
  }

  /** Whether all of the announced range at the head has been seen. */
  get isAnnouncedComplete(): boolean {
    const announced = this.#announced[0];
    return announced !== undefined && this.#nextOffset > announced.lastOffset;
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

  /** Whether a size limit is met. */
  isFull(limits: CutLimits): boolean {
    return this.#announced.length === 0 && (this.#recordCount >= limits.rows || this.#byteLength >= limits.bytes);
  }

  /** Whether the oldest batch has waited for the interval. */
  isOld(limits: CutLimits, steadyMs: number): boolean {
    return this.#announced.length === 0 && this.#batches.length > 0 && steadyMs - this.#openedMs >= limits.intervalMs;
  }

  /** When the oldest batch was added, by the steady clock. */
  get openedMs(): number {
    return this.#openedMs;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /**
   * Cuts what was collected; undefined when nothing was. An announced range is cut when it is complete, even without a
   * batch.
   *
   * `wallMs`: the wall clock, ms since 1970.
   */
  cut(wallMs: number): RawRange | undefined {
    const isReplay = this.isAnnouncedComplete;
    if (!isReplay && (this.#batches.length === 0 || this.#announced.length > 0)) return undefined;
    const announced = isReplay ? this.#announced.shift() : undefined;
    const range: RawRange = {
      topic: this.topic,
      partition: this.partition,
      firstOffset: announced?.firstOffset ?? this.#rangeStart,
      lastOffset: announced?.lastOffset ?? this.#lastOffset,
      judgedMs: announced?.judgedMs ?? wallMs,
      isReplay,
      isBare: announced?.isBare,
      batches: this.#batches,
      buffers: this.#buffers,
      byteLength: this.#byteLength,
      recordCount: this.#recordCount,
    };
    this.#rangeStart = range.lastOffset + 1;
    this.#forget();
    return range;
  }

  /** Lets go of what was collected. */
  clear(): void {
    for (const buffer of this.#buffers) this.#pool.give(buffer);
    this.#forget();
  }

  #forget(): void {
    this.#batches = [];
    this.#buffers = [];
    this.#byteLength = 0;
    this.#recordCount = 0;
  }
}
