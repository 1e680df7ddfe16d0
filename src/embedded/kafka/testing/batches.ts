import { crc32c } from "@platformatic/kafka";
import { BATCH_CRC_START, BATCH_HEADER_BYTES } from "../log/batch-header.ts";

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
  batch.writeBigInt64BE(0n, 0);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(attributes, 21);
  batch.writeInt32BE(recordsCount - 1, 23);
  batch.writeBigInt64BE(BigInt(timestampMs), 27);
  batch.writeBigInt64BE(BigInt(timestampMs), 35);
  batch.writeBigInt64BE(BigInt(producerId), 43);
  batch.writeInt16BE(producerEpoch, 51);
  batch.writeInt32BE(baseSequence, 53);
  batch.writeInt32BE(recordsCount, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(BATCH_CRC_START)), 17);
  return batch;
}
