import { CodecError } from "./codec-error.ts";

/** Bytes of a magic-2 batch before its records. */
export const BATCH_HEADER_BYTES = 61;

/** Base offset and length come before the part that the batch's own length counts. */
const LENGTH_PREFIX_BYTES = 12;

/** The fields of a record batch's header that decoding needs (KIP-98; https://kafka.apache.org/documentation/#recordbatch). */
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
  const magic = view.getInt8(16);
  if (magic !== 2) throw new CodecError(`record batch has magic ${magic}, only 2 (Kafka 0.11 and later) is read`);
  const header = {
    baseOffset: readInt64(view, 0),
    lastOffset: readInt64(view, 0) + view.getInt32(23),
    compression: view.getInt16(21) & 0x07,
    isControl: (view.getInt16(21) & 0x20) !== 0,
    isLogAppendTime: (view.getInt16(21) & 0x08) !== 0,
    baseTimestampMs: readInt64(view, 27),
    maxTimestampMs: readInt64(view, 35),
    recordCount: view.getInt32(57),
  };
  const claimed = LENGTH_PREFIX_BYTES + view.getInt32(8);
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
  if (end - start < 8) return { first: Number.NaN, last: Number.NaN };
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
  const first = readInt64(view, 0);
  const isMagic2 = end - start >= 27 && view.getInt8(16) === 2;
  const last = isMagic2 ? first + Math.max(0, view.getInt32(23)) : first;
  return { first, last };
}

/** A big-endian INT64 as a number; offsets and times are safe integers. */
function readInt64(view: DataView, offset: number): number {
  return view.getInt32(offset) * 2 ** 32 + view.getUint32(offset + 4);
}
