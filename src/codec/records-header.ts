import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  COMPRESSION_BITS,
  CONTROL_BIT,
  LAST_OFFSET_DELTA_AT,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
  LOG_APPEND_TIME_BIT,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  RECORD_COUNT_AT,
} from "../core/record-batch-header.ts";
import { CodecError } from "./codec-error.ts";

/** The fields of a record batch's header that decoding needs (src/core/record-batch-header.ts). */
export interface BatchHeader {
  baseOffset: number;
  /** Offset of the last record that was ever in the batch; compaction may have removed it. */
  lastOffset: number;
  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd; more are unknown. */
  compression: number;
  /** Transaction markers: no user's records. */
  isControl: boolean;
  /** The broker stamped the batch: every record has `maxTimestampMs`. */
  isLogAppendTime: boolean;
  baseTimestampMs: number;
  maxTimestampMs: number;
  recordCount: number;
}

/**
 * Reads the header of the batch that fills `bytes` from `start` to `end`.
 *
 * The batch's CRC-32C is not recomputed: the broker checked it on produce, and fetch runs over TCP. That is
 * librdkafka's default too (check.crcs=false).
 *
 * @throws CodecError when the batch is not magic 2, or when its length is not the length given.
 */
export function readBatchHeader(bytes: Uint8Array, start: number, end: number): BatchHeader {
  const byteLength = end - start;
  if (byteLength < BATCH_HEADER_BYTES) {
    throw new CodecError(`record batch has ${byteLength} bytes, its header alone has ${BATCH_HEADER_BYTES}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, byteLength);
  const magic = view.getInt8(MAGIC_AT);
  if (magic !== BATCH_MAGIC) {
    throw new CodecError(`record batch has magic ${magic}, only 2 (Kafka 0.11 and later) is read`);
  }
  const attributes = view.getInt16(ATTRIBUTES_AT);
  const header = {
    baseOffset: readInt64(view, BASE_OFFSET_AT),
    lastOffset: readInt64(view, BASE_OFFSET_AT) + view.getInt32(LAST_OFFSET_DELTA_AT),
    compression: attributes & COMPRESSION_BITS,
    isControl: (attributes & CONTROL_BIT) !== 0,
    isLogAppendTime: (attributes & LOG_APPEND_TIME_BIT) !== 0,
    baseTimestampMs: readInt64(view, BASE_TIMESTAMP_AT),
    maxTimestampMs: readInt64(view, MAX_TIMESTAMP_AT),
    recordCount: view.getInt32(RECORD_COUNT_AT),
  };
  const claimed = LENGTH_EXCLUDES_BYTES + view.getInt32(LENGTH_AT);
  if (claimed !== byteLength) throw new CodecError(`record batch claims ${claimed} bytes, ${byteLength} are there`);
  if (header.baseOffset < 0 || header.lastOffset < header.baseOffset) {
    throw new CodecError(`record batch claims offsets ${header.baseOffset} to ${header.lastOffset}`);
  }
  if (header.recordCount < 0) throw new CodecError(`record batch claims ${header.recordCount} records`);
  return header;
}

/**
 * The offsets that a batch claims, as far as its bytes say, for a batch that may be unreadable. Never throws: with too
 * few bytes both are NaN; with a length or magic that lies, what the header says still names the range best.
 */
export function peekOffsets(bytes: Uint8Array, start: number, end: number): { first: number; last: number } {
  if (end - start < LENGTH_AT) return { first: Number.NaN, last: Number.NaN };
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
  const first = readInt64(view, BASE_OFFSET_AT);
  const isMagic2 = end - start >= BASE_TIMESTAMP_AT && view.getInt8(MAGIC_AT) === BATCH_MAGIC;
  const last = isMagic2 ? first + Math.max(0, view.getInt32(LAST_OFFSET_DELTA_AT)) : first;
  return { first, last };
}

/** A big-endian INT64 as a number; offsets and times are safe integers. */
function readInt64(view: DataView, offset: number): number {
  return view.getInt32(offset) * 2 ** 32 + view.getUint32(offset + 4);
}
