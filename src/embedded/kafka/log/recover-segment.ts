import { fstatSync, ftruncateSync } from "node:fs";
import { crc32c } from "@platformatic/kafka";
import { MillraceError } from "../../../core/errors.ts";
import { BATCH_HEADER_BYTES, BATCH_MAGIC, CRC_COVERS_FROM } from "../../../core/record-batch-header.ts";
import { type BatchHeader, readBatchHeader } from "./batch-header.ts";
import type { ProducerStates } from "./producer-state.ts";
import { indexBatch, readAt, type Segment } from "./segment.ts";

/** One read while scanning. A batch that reaches beyond it costs a read of its own, or none when CRCs are not checked. */
const SCAN_CHUNK_BYTES = 1 << 20;

/**
 * Rebuilds index and producer states of a segment from its file. Returns the offset after its last batch.
 *
 * The newest segment is checked by CRC and cut after its last sound batch: what follows was being written when the
 * process died, and was never acknowledged. An older segment was complete before the next one began, so damage in it
 * is a fault of the disk, and cutting there would drop acknowledged batches: that is an error instead.
 *
 * @throws MillraceError E_EMBEDDED when an older segment is damaged
 */
export function recoverSegment(segment: Segment, producers: ProducerStates, isNewest: boolean, path: string): number {
  const fileBytes = fstatSync(segment.fd).size;
  let nextOffset = segment.baseOffset;
  let position = 0;
  let chunkStart = 0;
  let chunk: Buffer = Buffer.alloc(0);
  segment.sizeBytes = fileBytes; // reads are bounded by it
  while (position + BATCH_HEADER_BYTES <= fileBytes) {
    if (position - chunkStart + BATCH_HEADER_BYTES > chunk.length) {
      chunk = readAt(segment, position, SCAN_CHUNK_BYTES);
      chunkStart = position;
    }
    const header = readBatchHeader(chunk, position - chunkStart);
    if (!isPlausible(header, nextOffset) || position + header.sizeBytes > fileBytes) break;
    if (isNewest && !hasSoundCrc(segment, header, position, chunk, position - chunkStart)) break;
    segment.sizeBytes = position;
    indexBatch(segment, header, header.baseOffset);
    segment.sizeBytes = fileBytes;
    producers.record(header, header.baseOffset);
    nextOffset = header.baseOffset + header.lastOffsetDelta + 1;
    position += header.sizeBytes;
  }
  if (position < fileBytes) {
    if (!isNewest) throw damaged(path, position);
    ftruncateSync(segment.fd, position);
  }
  segment.sizeBytes = position;
  return nextOffset;
}

/** Batches follow one another without a gap: this log has neither compaction nor retention. */
function isPlausible(header: BatchHeader, nextOffset: number): boolean {
  return (
    header.magic === BATCH_MAGIC &&
    header.sizeBytes >= BATCH_HEADER_BYTES &&
    header.lastOffsetDelta >= 0 &&
    header.baseOffset === nextOffset
  );
}

function hasSoundCrc(segment: Segment, header: BatchHeader, position: number, chunk: Buffer, at: number): boolean {
  const inChunk = at + header.sizeBytes <= chunk.length;
  const batch = inChunk ? chunk.subarray(at, at + header.sizeBytes) : readAt(segment, position, header.sizeBytes);
  return crc32c(batch.subarray(CRC_COVERS_FROM)) === header.crc;
}

function damaged(path: string, position: number): MillraceError {
  return new MillraceError(
    "E_EMBEDDED",
    `Cannot start the embedded Kafka: segment ${path} is damaged at byte ${position}, and newer segments follow it. ` +
      "Restore the file from a copy, or delete the topic's folder if its data is not needed.",
  );
}
