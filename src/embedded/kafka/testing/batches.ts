import { crc32c } from "@platformatic/kafka";
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  CRC_AT,
  CRC_COVERS_FROM,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
} from "../../../core/record-batch-header.ts";

/** What a test wants to say about a batch; the rest is sound. */
export interface BatchWish {
  recordsCount?: number;
  payloadBytes?: number;
  timestampMs?: number;
  producerId?: number;
  producerEpoch?: number;
  baseSequence?: number;
  attributes?: number;
}

/** A record batch with a sound header and CRC around bytes that are no records: the log must not look at them. */
export function makeBatch(wish: BatchWish = {}): Buffer {
  const { recordsCount = 1, payloadBytes = 100, timestampMs = 1000, attributes = 0 } = wish;
  const { producerId = -1, producerEpoch = -1, baseSequence = -1 } = wish;
  const batch = Buffer.alloc(BATCH_HEADER_BYTES + payloadBytes, 0x5a);
  batch.writeBigInt64BE(0n, BASE_OFFSET_AT);
  batch.writeInt32BE(batch.length - LENGTH_EXCLUDES_BYTES, LENGTH_AT);
  batch.writeInt32BE(-1, LEADER_EPOCH_AT);
  batch.writeInt8(BATCH_MAGIC, MAGIC_AT);
  batch.writeInt16BE(attributes, ATTRIBUTES_AT);
  batch.writeInt32BE(recordsCount - 1, LAST_OFFSET_DELTA_AT);
  batch.writeBigInt64BE(BigInt(timestampMs), BASE_TIMESTAMP_AT);
  batch.writeBigInt64BE(BigInt(timestampMs), MAX_TIMESTAMP_AT);
  batch.writeBigInt64BE(BigInt(producerId), PRODUCER_ID_AT);
  batch.writeInt16BE(producerEpoch, PRODUCER_EPOCH_AT);
  batch.writeInt32BE(baseSequence, BASE_SEQUENCE_AT);
  batch.writeInt32BE(recordsCount, RECORD_COUNT_AT);
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_COVERS_FROM)), CRC_AT);
  return batch;
}
