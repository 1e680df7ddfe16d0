import { CodecError } from "./codec-error.ts";

/** A place in a buffer. `end` is exclusive; no reader goes beyond it. */
export interface ByteCursor {
  bytes: Uint8Array;
  offset: number;
  end: number;
}

/**
 * Reads a zigzag varint of at most 32 bits, as Kafka's record format uses for lengths and deltas
 * (https://kafka.apache.org/protocol#protocol_types, VARINT).
 *
 * @throws CodecError when the bytes end inside it, or when it holds more than 32 bits.
 */
export function readVarint(cursor: ByteCursor, what: string): number {
  const { bytes, end } = cursor;
  let offset = cursor.offset;
  if (offset >= end) throw torn(cursor, what);
  let byte = bytes[offset++]!;
  // Nearly every length and delta fits one or two bytes.
  let value = byte & 0x7f;
  for (let shift = 7; byte >= 0x80; shift += 7) {
    if (offset >= end) throw torn(cursor, what);
    byte = bytes[offset++]!;
    if (shift === 28 && byte > 0x0f) throw new CodecError(`${what} at byte ${cursor.offset} is longer than 32 bits`);
    value |= (byte & 0x7f) << shift;
  }
  cursor.offset = offset;
  return (value >>> 1) ^ -(value & 1);
}

/**
 * Reads a zigzag varint of at most 64 bits (VARLONG) as a number. Multiplies instead of shifting: the 32-bit operators
 * would cut larger values.
 *
 * @throws CodecError when the bytes end inside it, or when it is not a safe integer (no Kafka timestamp comes near).
 */
export function readVarlong(cursor: ByteCursor, what: string): number {
  const { bytes, end } = cursor;
  let offset = cursor.offset;
  let value = 0;
  let scale = 1;
  for (let length = 1; ; length++) {
    if (offset >= end) throw torn(cursor, what);
    if (length > 10) throw new CodecError(`${what} at byte ${cursor.offset} is longer than 64 bits`);
    const byte = bytes[offset++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    scale *= 128;
  }
  if (value > Number.MAX_SAFE_INTEGER) throw new CodecError(`${what} at byte ${cursor.offset} is not a safe integer`);
  cursor.offset = offset;
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function torn(cursor: ByteCursor, what: string): CodecError {
  return new CodecError(`${what} at byte ${cursor.offset} is cut off: the bytes end at ${cursor.end}`);
}
