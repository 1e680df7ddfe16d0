import {
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  LEADER_EPOCH_AT,
  LENGTH_AT,
  LENGTH_EXCLUDES_BYTES,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  RECORD_COUNT_AT,
} from "../../core/record-batch-header.ts";
import type { Letter } from "./letter.ts";

/**
 * The letter's record as it stood in its topic: a batch of one record, without compression, under the letter's offset
 * and time. So a replay runs the code that ingestion runs. The checksum is missing; nobody on this side of the broker
 * computes it (src/codec/records-header.ts).
 */
export function recordBatchOf(letter: Pick<Letter, "offset" | "ingestMs" | "key" | "raw">): Uint8Array<ArrayBuffer> {
  // Attributes, timestamp delta 0 and offset delta 0 before the key; no headers after the value.
  const payload = [0, 0, 0, ...varint(letter.key?.length ?? -1)];
  const valueLength = varint(letter.raw.length);
  const length = payload.length + (letter.key?.length ?? 0) + valueLength.length + letter.raw.length + 1;
  const prefix = varint(length);
  const bytes = new Uint8Array(BATCH_HEADER_BYTES + prefix.length + length);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(BASE_OFFSET_AT, BigInt(letter.offset));
  view.setInt32(LENGTH_AT, bytes.length - LENGTH_EXCLUDES_BYTES);
  view.setInt32(LEADER_EPOCH_AT, -1);
  view.setInt8(MAGIC_AT, BATCH_MAGIC);
  view.setBigInt64(BASE_TIMESTAMP_AT, BigInt(letter.ingestMs));
  view.setBigInt64(MAX_TIMESTAMP_AT, BigInt(letter.ingestMs));
  view.setBigInt64(PRODUCER_ID_AT, -1n); // producer: none
  view.setInt16(PRODUCER_EPOCH_AT, -1);
  view.setInt32(BASE_SEQUENCE_AT, -1);
  view.setInt32(RECORD_COUNT_AT, 1);
  let at = BATCH_HEADER_BYTES;
  for (const piece of [prefix, payload, letter.key ?? [], valueLength, letter.raw]) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** A zigzag varint of a length, −1 and up. Multiplied, not shifted: a length may need all 32 bits. */
function varint(value: number): number[] {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  const bytes: number[] = [];
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}
