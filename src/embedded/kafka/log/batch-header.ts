/**
 * Byte layout of a record batch, magic 2 (kafka.apache.org/documentation, "Record Batch"). All integers are
 * big-endian; the CRC-32C covers everything from `attributes` on, so base offset and leader epoch may be patched.
 */
export const BATCH_HEADER_BYTES = 61;
/** Base offset and length field: what stands before the bytes that `batchLength` counts. */
const BATCH_LENGTH_OVERHEAD_BYTES = 12;

const LENGTH_AT = 8;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
export const BATCH_CRC_START = 21;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const BASE_SEQUENCE_AT = 53;
const RECORDS_COUNT_AT = 57;

const TRANSACTIONAL_BIT = 0x10;
const CONTROL_BIT = 0x20;

/** The header fields that the broker looks at; the records behind them stay opaque. */
export interface BatchHeader {
  baseOffset: number;
  /** Whole batch, with the 12 bytes before the counted part. */
  sizeBytes: number;
  magic: number;
  crc: number;
  lastOffsetDelta: number;
  baseTimestampMs: number;
  maxTimestampMs: number;
  producerId: bigint;
  producerEpoch: number;
  baseSequence: number;
  recordsCount: number;
  isTransactional: boolean;
  isControl: boolean;
}

/** Size of the batch at `at`; needs the first 12 bytes of it. A value below 61 means garbage. */
export function batchSizeBytes(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at + LENGTH_AT) + BATCH_LENGTH_OVERHEAD_BYTES;
}

/** Offset of the last record of the batch at `at`; needs 27 bytes of it. */
export function batchLastOffset(bytes: Buffer, at: number): number {
  return Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + LAST_OFFSET_DELTA_AT);
}

/** Parses the 61 header bytes at `at`. Checks nothing. */
export function readBatchHeader(bytes: Buffer, at: number): BatchHeader {
  const attributes = bytes.readInt16BE(at + ATTRIBUTES_AT);
  return {
    baseOffset: Number(bytes.readBigInt64BE(at)),
    sizeBytes: batchSizeBytes(bytes, at),
    magic: bytes.readInt8(at + MAGIC_AT),
    crc: bytes.readUInt32BE(at + CRC_AT),
    lastOffsetDelta: bytes.readInt32BE(at + LAST_OFFSET_DELTA_AT),
    baseTimestampMs: Number(bytes.readBigInt64BE(at + BASE_TIMESTAMP_AT)),
    maxTimestampMs: Number(bytes.readBigInt64BE(at + MAX_TIMESTAMP_AT)),
    producerId: bytes.readBigInt64BE(at + PRODUCER_ID_AT),
    producerEpoch: bytes.readInt16BE(at + PRODUCER_EPOCH_AT),
    baseSequence: bytes.readInt32BE(at + BASE_SEQUENCE_AT),
    recordsCount: bytes.readInt32BE(at + RECORDS_COUNT_AT),
    isTransactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    isControl: (attributes & CONTROL_BIT) !== 0,
  };
}

/** Gives the batch its place in the log. Both fields lie outside the CRC. */
export function placeBatch(batch: Buffer, baseOffset: number, leaderEpoch: number): void {
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt32BE(leaderEpoch, LEADER_EPOCH_AT);
}
