import type { Letter } from "./letter.ts";

/** Bytes of a record batch before its records (https://kafka.apache.org/documentation/#recordbatch). */
const HEADER_BYTES = 61;

/**
 * The letter's record as it stood in its topic: a batch of one record, without compression, under the letter's offset
 * and time. So a replay runs the code that ingestion runs. The checksum is missing; nobody on this side of the broker
 * computes it (src/codec/records-header.ts).
 */
export function recordBatchOf(letter: Pick<Letter, "offset" | "ingestMs" | "key" | "raw">): Uint8Array<ArrayBuffer> {
  // Attributes, timestamp delta 0 and offset delta 0 before the key; no headers behind the value.
  const payload = [0, 0, 0, ...varint(letter.key?.length ?? -1)];
  const valueLength = varint(letter.raw.length);
  const length = payload.length + (letter.key?.length ?? 0) + valueLength.length + letter.raw.length + 1;
  const prefix = varint(length);
  const bytes = new Uint8Array(HEADER_BYTES + prefix.length + length);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(letter.offset));
  view.setInt32(8, bytes.length - 12);
  view.setInt32(12, -1); // leader epoch
  view.setInt8(16, 2); // magic
  view.setBigInt64(27, BigInt(letter.ingestMs));
  view.setBigInt64(35, BigInt(letter.ingestMs));
  view.setBigInt64(43, -1n); // producer: none
  view.setInt16(51, -1);
  view.setInt32(53, -1);
  view.setInt32(57, 1); // records
  let at = HEADER_BYTES;
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
