import { mkdirSync, readdirSync } from "node:fs";
import { type KafkaErrorCode, kafkaError } from "../error-codes.ts";
import { type BatchHeader, placeBatch } from "./batch-header.ts";
import { ProducerStates } from "./producer-state.ts";
import { recoverSegment } from "./recover-segment.ts";
import { appendToSegment, closeSegment, openSegment, readBatches, type Segment, segmentPath } from "./segment.ts";
import { findTimestamp, type TimestampedOffset } from "./timestamp-lookup.ts";

/** One broker leads every partition from its creation on. */
export const LEADER_EPOCH = 0;
const SEGMENT_NAME = /^(\d{20})\.log$/;
const EMPTY = Buffer.alloc(0);

export type AppendOutcome = { error: KafkaErrorCode; baseOffset: number };

/** Called after each append with its size; must not throw. */
export type AppendListener = (appendedBytes: number) => void;

/** The log of one partition: segment files in one folder, oldest first. Nothing is ever deleted from it (no retention). */
export class PartitionLog {
  readonly #directory: string;
  readonly #segments: Segment[] = [];
  readonly #producers = new ProducerStates();
  readonly #listeners = new Set<AppendListener>();
  #nextOffset = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Opens or creates the log and recovers it from its files.
   *
   * @throws MillraceError E_EMBEDDED when a segment other than the newest is damaged
   */
  static open(directory: string): PartitionLog {
    mkdirSync(directory, { recursive: true });
    const log = new PartitionLog(directory);
    const baseOffsets = readdirSync(directory)
      .map((name) => SEGMENT_NAME.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    for (const [index, baseOffset] of baseOffsets.entries()) {
      const segment = openSegment(directory, baseOffset, true);
      log.#segments.push(segment);
      const isNewest = index === baseOffsets.length - 1;
      log.#nextOffset = recoverSegment(segment, log.#producers, isNewest, segmentPath(directory, baseOffset));
    }
    if (log.#segments.length === 0) log.#segments.push(openSegment(directory, 0, false));
    return log;
  }

  /** Offset that the next record gets: the high watermark too, as there is one replica. */
  get endOffset(): number {
    return this.#nextOffset;
  }

  get startOffset(): number {
    return this.#segments[0]!.baseOffset;
  }

  /**
   * Appends a validated batch; a retry of a remembered batch is answered with its old offset and not written.
   *
   * Patches base offset and leader epoch into `batch` itself, so no copy is made of it.
   *
   * @param segmentBytesMax a batch that would make the segment larger starts a new one
   * @throws the file system's error; the log is then as before
   */
  append(batch: Buffer, header: BatchHeader, segmentBytesMax: number): AppendOutcome {
    const verdict = this.#producers.check(header);
    if (verdict.kind === "duplicate") return { error: kafkaError.NONE, baseOffset: verdict.baseOffset };
    if (verdict.kind === "refuse") return { error: verdict.error, baseOffset: -1 };
    const baseOffset = this.#nextOffset;
    placeBatch(batch, baseOffset, LEADER_EPOCH);
    appendToSegment(this.#segmentFor(batch.length, segmentBytesMax), batch, header, baseOffset);
    this.#nextOffset = baseOffset + header.lastOffsetDelta + 1;
    this.#producers.record(header, baseOffset);
    for (const listener of this.#listeners) listener(batch.length);
    return { error: kafkaError.NONE, baseOffset };
  }

  /** Whole batches from `offset` (startOffset ≤ offset ≤ endOffset) on; see `readBatches`. */
  read(offset: number, bytesMax: number, firstBatchAlways: boolean): Buffer {
    if (offset >= this.#nextOffset) return EMPTY;
    return readBatches(this.#segmentOf(offset), offset, bytesMax, firstBatchAlways);
  }

  /** First record at or after a time, or undefined. */
  offsetAt(timestampMs: number): TimestampedOffset | undefined {
    for (const segment of this.#segments) {
      const found = findTimestamp(segment, timestampMs);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  onAppend(listener: AppendListener): void {
    this.#listeners.add(listener);
  }

  offAppend(listener: AppendListener): void {
    this.#listeners.delete(listener);
  }

  close(): void {
    for (const segment of this.#segments.splice(0)) closeSegment(segment);
  }

  #segmentFor(batchBytes: number, segmentBytesMax: number): Segment {
    const active = this.#segments.at(-1)!;
    if (active.sizeBytes === 0 || active.sizeBytes + batchBytes <= segmentBytesMax) return active;
    const segment = openSegment(this.#directory, this.#nextOffset, false);
    this.#segments.push(segment);
    return segment;
  }

  #segmentOf(offset: number): Segment {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#segments[middle]!.baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return this.#segments[low]!;
  }
}
