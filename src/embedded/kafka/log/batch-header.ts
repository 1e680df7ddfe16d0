import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  CONTROL_BIT,
  CRC_AT,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
  TRANSACTIONAL_BIT,
} from "../../../core/record-batch-header.ts";

/** The header fields that the broker looks at; the records behind them stay opaque. */
export interface BatchHeader {
  baseOffset: number;
  /** Whole batch, with what its length does not count. */
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

/** Size of the batch at `at`; needs its base offset and length. A value below `BATCH_HEADER_BYTES` means garbage. */
export function batchSizeBytes(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at + LENGTH_AT) + LENGTH_EXCLUDES_BYTES;
}

/** Offset of the last record of the batch at `at`; needs it as far as the delta. */
export function batchLastOffset(bytes: Buffer, at: number): number {
  return Number(bytes.readBigInt64BE(at + BASE_OFFSET_AT)) + bytes.readInt32BE(at + LAST_OFFSET_DELTA_AT);
}

/** Parses the header at `at`. Checks nothing. */
export function readBatchHeader(bytes: Buffer, at: number): BatchHeader {
  const attributes = bytes.readInt16BE(at + ATTRIBUTES_AT);
  return {
    baseOffset: Number(bytes.readBigInt64BE(at + BASE_OFFSET_AT)),
    sizeBytes: batchSizeBytes(bytes, at),
    magic: bytes.readInt8(at + MAGIC_AT),
    crc: bytes.readUInt32BE(at + CRC_AT),
    lastOffsetDelta: bytes.readInt32BE(at + LAST_OFFSET_DELTA_AT),
    baseTimestampMs: Number(bytes.readBigInt64BE(at + BASE_TIMESTAMP_AT)),
    maxTimestampMs: Number(bytes.readBigInt64BE(at + MAX_TIMESTAMP_AT)),
    producerId: bytes.readBigInt64BE(at + PRODUCER_ID_AT),
    producerEpoch: bytes.readInt16BE(at + PRODUCER_EPOCH_AT),
    baseSequence: bytes.readInt32BE(at + BASE_SEQUENCE_AT),
    recordsCount: bytes.readInt32BE(at + RECORD_COUNT_AT),
    isTransactional: (attributes & TRANSACTIONAL_BIT) !== 0,
    isControl: (attributes & CONTROL_BIT) !== 0,
  };
}

/** Gives the batch its place in the log. Both fields lie outside the CRC. */
export function placeBatch(batch: Buffer, baseOffset: number, leaderEpoch: number): void {
  batch.writeBigInt64BE(BigInt(baseOffset), BASE_OFFSET_AT);
  batch.writeInt32BE(leaderEpoch, LEADER_EPOCH_AT);
}
