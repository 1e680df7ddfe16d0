import { gzipSync, zstdCompressSync } from "node:zlib";
import { compressionsAlgorithms, crc32c } from "@platformatic/kafka";
import type { Compression } from "../config/simulator-words.ts";
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  CRC_AT,
  CRC_COVERS_FROM,
  compressionNames,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
} from "../core/record-batch-header.ts";

/** Most bytes that a record takes beside its key and value: five varints of up to ten bytes, attributes, headers. */
const recordOverheadBytesMax = 32;

/**
 * Collects records as bytes. One builder per partition, reused for all its batches: the memory is allocated once, and
 * only the sealed batch, which is a fifth of it when compressed, is garbage later.
 */
export class RecordBatchBuilder {
  recordCount = 0;
  /** Length of the collected records, before compression. */
  byteLength = 0;
  baseTimestampMs = 0;
  maxTimestampMs = 0;
  #buffer: Buffer;

  constructor(initialBytes: number = 16 * 1024) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  /**
   * Appends a record without headers.
   *
   * @param key null: no key
   * @param valueLength −1: a null value
   */
  append(timestampMs: number, key: Buffer | null, value: Buffer, valueLength: number): void {
    if (this.recordCount === 0) {
      this.baseTimestampMs = timestampMs;
      this.maxTimestampMs = timestampMs;
    } else if (timestampMs > this.maxTimestampMs) {
      this.maxTimestampMs = timestampMs;
    }
    const timestampDelta = timestampMs - this.baseTimestampMs;
    const keyLength = key === null ? -1 : key.length;
    const payload = Math.max(keyLength, 0) + Math.max(valueLength, 0);
    const bodyLength =
      2 + // attributes, header count
      varintLength(timestampDelta) +
      varintLength(this.recordCount) +
      varintLength(keyLength) +
      varintLength(valueLength) +
      payload;
    this.#reserve(bodyLength + recordOverheadBytesMax);
    const buffer = this.#buffer;
    let offset = writeVarint(buffer, this.byteLength, bodyLength);
    buffer[offset++] = 0;
    offset = writeVarint(buffer, offset, timestampDelta);
    offset = writeVarint(buffer, offset, this.recordCount);
    offset = writeVarint(buffer, offset, keyLength);
    if (key !== null) offset += key.copy(buffer, offset);
    offset = writeVarint(buffer, offset, valueLength);
    if (valueLength > 0) offset += value.copy(buffer, offset, 0, valueLength);
    buffer[offset++] = 0;
    this.byteLength = offset;
    this.recordCount++;
  }

  /**
   * Makes a record batch of the records and starts afresh. Producer fields are those of a producer without idempotence,
   * and the checksum is missing: `finishRecordBatch` sets both.
   */
  seal(compression: Compression): Buffer {
    const records = this.#buffer.subarray(0, this.byteLength);
    const body = compress(records, compression);
    const batch = Buffer.allocUnsafe(BATCH_HEADER_BYTES + body.length);
    body.copy(batch, BATCH_HEADER_BYTES);
    batch.writeBigInt64BE(0n, BASE_OFFSET_AT);
    batch.writeInt32BE(batch.length - LENGTH_EXCLUDES_BYTES, LENGTH_AT);
    batch.writeInt32BE(-1, LEADER_EPOCH_AT);
    batch[MAGIC_AT] = BATCH_MAGIC;
    batch.writeInt16BE(compressionNames.indexOf(compression), ATTRIBUTES_AT);
    batch.writeInt32BE(this.recordCount - 1, LAST_OFFSET_DELTA_AT);
    batch.writeBigInt64BE(BigInt(this.baseTimestampMs), BASE_TIMESTAMP_AT);
    batch.writeBigInt64BE(BigInt(this.maxTimestampMs), MAX_TIMESTAMP_AT);
    batch.writeInt32BE(this.recordCount, RECORD_COUNT_AT);
    this.recordCount = 0;
    this.byteLength = 0;
    return batch;
  }

  #reserve(bytes: number): void {
    if (this.byteLength + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.byteLength + bytes));
    this.#buffer.copy(grown, 0, 0, this.byteLength);
    this.#buffer = grown;
  }
}

/** Who produced a batch, and as which of its batches on the partition. */
export interface BatchIdentity {
  /** −1: no idempotence. */
  producerId: bigint;
  producerEpoch: number;
  baseSequence: number;
}

/** Writes the producer's fields and the checksum over all from the attributes on. May be repeated. */
export function finishRecordBatch(batch: Buffer, identity: BatchIdentity): void {
  batch.writeBigInt64BE(identity.producerId, PRODUCER_ID_AT);
  batch.writeInt16BE(identity.producerEpoch, PRODUCER_EPOCH_AT);
  batch.writeInt32BE(identity.baseSequence, BASE_SEQUENCE_AT);
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_COVERS_FROM)) >>> 0, CRC_AT);
}

/** Snappy as one raw block, which every reader accepts besides the Java client's framing. */
function compress(records: Buffer, compression: Compression): Buffer {
  switch (compression) {
    case "none":
      return records;
    case "gzip":
      return gzipSync(records, { level: 1 });
    case "zstd":
      return zstdCompressSync(records);
    case "snappy":
      return compressionsAlgorithms.snappy.compressSync(records);
    case "lz4":
      return compressionsAlgorithms.lz4.compressSync(records);
  }
}

/** Length of a zigzag varint. Deltas and lengths stay below 2^31. */
function varintLength(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  return zigzag < 0x80 ? 1 : zigzag < 0x4000 ? 2 : zigzag < 0x20_0000 ? 3 : zigzag < 0x1000_0000 ? 4 : 5;
}

function writeVarint(buffer: Buffer, start: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let offset = start;
  while (zigzag >= 0x80) {
    buffer[offset++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  buffer[offset++] = zigzag;
  return offset;
}
