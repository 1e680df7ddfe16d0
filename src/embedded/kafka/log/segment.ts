import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { BATCH_HEADER_BYTES } from "../../../core/record-batch-header.ts";
import { type BatchHeader, batchLastOffset, batchSizeBytes } from "./batch-header.ts";

/** Log bytes between two index entries, Kafka's `index.interval.bytes`. */
const INDEX_INTERVAL_BYTES = 4096;
const OFFSET_DIGITS = 20;
const EMPTY = Buffer.alloc(0);

/**
 * One append-only file of a partition log and its sparse index, which lives in memory only.
 *
 * Calls are synchronous on purpose: appends and most reads touch the page cache, where a `pwrite` or `pread` costs
 * less than its trip through the thread pool, and the order of appends needs no lock.
 */
export interface Segment {
  readonly baseOffset: number;
  readonly fd: number;
  sizeBytes: number;
  maxTimestampMs: number;
  /** Parallel arrays; entry i is a batch's base offset, its file position, and the largest timestamp before it. */
  readonly indexOffsets: number[];
  readonly indexPositions: number[];
  readonly indexTimestampsBeforeMs: number[];
}

/** File name as in Kafka: the base offset in 20 digits, so that names sort as offsets do. */
export function segmentPath(directory: string, baseOffset: number): string {
  return join(directory, `${String(baseOffset).padStart(OFFSET_DIGITS, "0")}.log`);
}

/** Opens (or creates) the file. Size and index are filled by `recoverSegment` or by appends. */
export function openSegment(directory: string, baseOffset: number, exists: boolean): Segment {
  return {
    baseOffset,
    fd: openSync(segmentPath(directory, baseOffset), exists ? "r+" : "w+"),
    sizeBytes: 0,
    maxTimestampMs: -1,
    indexOffsets: [],
    indexPositions: [],
    indexTimestampsBeforeMs: [],
  };
}

export function closeSegment(segment: Segment): void {
  closeSync(segment.fd);
}

/**
 * Writes a placed batch at the end. A write that fails half-way (disk full) is cut off again: once a newer segment
 * follows, the start would take the rest for damage.
 */
export function appendToSegment(segment: Segment, batch: Buffer, header: BatchHeader, baseOffset: number): void {
  try {
    writeFully(segment.fd, batch, segment.sizeBytes);
  } catch (error) {
    ftruncateSync(segment.fd, segment.sizeBytes);
    throw error;
  }
  indexBatch(segment, header, baseOffset);
}

/** Accounts for a batch that stands at the segment's end. */
export function indexBatch(segment: Segment, header: BatchHeader, baseOffset: number): void {
  const position = segment.sizeBytes;
  const lastIndexed = segment.indexPositions.at(-1);
  if (lastIndexed === undefined || position - lastIndexed >= INDEX_INTERVAL_BYTES) {
    segment.indexOffsets.push(baseOffset);
    segment.indexPositions.push(position);
    segment.indexTimestampsBeforeMs.push(segment.maxTimestampMs);
  }
  segment.sizeBytes += header.sizeBytes;
  if (header.maxTimestampMs > segment.maxTimestampMs) segment.maxTimestampMs = header.maxTimestampMs;
}

/** Position of the last index entry whose key is at most `target` (0 when there is none). `keys` ascends. */
function floorPosition(keys: number[], positions: number[], target: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! <= target) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : positions[low - 1]!;
}

/** Reads up to `lengthBytes` at `position`, never past the segment's end. */
export function readAt(segment: Segment, position: number, lengthBytes: number): Buffer {
  const wanted = Math.min(lengthBytes, segment.sizeBytes - position);
  if (wanted <= 0) return EMPTY;
  const buffer = Buffer.allocUnsafe(wanted);
  let filled = 0;
  while (filled < wanted) {
    const count = readSync(segment.fd, buffer, filled, wanted - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

/**
 * Whole batches from the one that holds `offset` on, at most `bytesMax` of them.
 *
 * @param firstBatchAlways return the first batch even when it alone is larger, so that a consumer never gets stuck
 */
export function readBatches(segment: Segment, offset: number, bytesMax: number, firstBatchAlways: boolean): Buffer {
  let position = floorPosition(segment.indexOffsets, segment.indexPositions, offset);
  while (position < segment.sizeBytes) {
    const window = readAt(segment, position, Math.max(bytesMax, BATCH_HEADER_BYTES) + INDEX_INTERVAL_BYTES);
    const start = skipBatchesBefore(window, offset);
    if (start + BATCH_HEADER_BYTES > window.length) {
      position += start;
      if (start === 0) return EMPTY;
      continue;
    }
    const firstSizeBytes = batchSizeBytes(window, start);
    if (firstSizeBytes > bytesMax && !firstBatchAlways) return EMPTY;
    if (start + firstSizeBytes > window.length) {
      return readAt(segment, position + start, Math.max(firstSizeBytes, 0));
    }
    return window.subarray(start, endOfWholeBatches(window, start, Math.max(bytesMax, firstSizeBytes)));
  }
  return EMPTY;
}

/** Where in `window`, which begins at a batch, the batch that holds `offset` begins; may lie past the window. */
function skipBatchesBefore(window: Buffer, offset: number): number {
  let at = 0;
  while (at + BATCH_HEADER_BYTES <= window.length && batchLastOffset(window, at) < offset) {
    at += batchSizeBytes(window, at);
  }
  return at;
}

function endOfWholeBatches(window: Buffer, start: number, bytesMax: number): number {
  const limit = Math.min(window.length, start + bytesMax);
  let end = start;
  while (end + BATCH_HEADER_BYTES <= limit) {
    const next = end + batchSizeBytes(window, end);
    if (next > limit) break;
    end = next;
  }
  return end;
}

function writeFully(fd: number, bytes: Buffer, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
}
