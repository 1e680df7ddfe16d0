import { Reader, readRecordsBatch } from "@platformatic/kafka";
import { BATCH_HEADER_BYTES } from "../../../core/record-batch-header.ts";
import { type BatchHeader, readBatchHeader } from "./batch-header.ts";
import { readAt, type Segment } from "./segment.ts";

export interface TimestampedOffset {
  offset: number;
  timestampMs: number;
}

/**
 * First record of the segment whose timestamp is at least `targetMs`, or undefined.
 *
 * This is the only place where the broker looks into a batch: one batch per look-up is inflated to find the record. A
 * batch that cannot be inflated here is answered by its first record, which is early, never late.
 */
export function findTimestamp(segment: Segment, targetMs: number): TimestampedOffset | undefined {
  if (segment.maxTimestampMs < targetMs) return undefined;
  let position = startPosition(segment, targetMs);
  while (position < segment.sizeBytes) {
    const header = readBatchHeader(readAt(segment, position, BATCH_HEADER_BYTES), 0);
    if (header.maxTimestampMs >= targetMs) {
      return findInBatch(readAt(segment, position, header.sizeBytes), header, targetMs);
    }
    position += header.sizeBytes;
  }
  return undefined;
}

/** Last index entry with only earlier timestamps before it: the record sought cannot stand before that. */
function startPosition(segment: Segment, targetMs: number): number {
  const before = segment.indexTimestampsBeforeMs;
  let low = 0;
  let high = before.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before[middle]! < targetMs) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : segment.indexPositions[low - 1]!;
}

function findInBatch(batch: Buffer, header: BatchHeader, targetMs: number): TimestampedOffset {
  try {
    for (const record of readRecordsBatch(Reader.from(batch)).records) {
      const timestampMs = header.baseTimestampMs + Number(record.timestampDelta);
      if (timestampMs >= targetMs) return { offset: header.baseOffset + record.offsetDelta, timestampMs };
    }
  } catch {
    // An unknown codec, or records that are not what the header promises: the bytes are the producer's, not ours.
  }
  return { offset: header.baseOffset, timestampMs: header.baseTimestampMs };
}
