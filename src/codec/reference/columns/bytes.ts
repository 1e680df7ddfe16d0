import type { ByteWriter } from "../../../core/byte-writer.ts";

const encoder = new TextEncoder();
const WORD = 2 ** 32;

/** Unsigned LEB128, as RowBinary writes lengths. PRECONDITION: `value` is an integer, 0 … 2^53. */
export function writeVarUInt(out: ByteWriter, value: number): void {
  out.reserve(8);
  let rest = value;
  // Division, not shifts: 32-bit operators would corrupt lengths from 2^31 on.
  while (rest >= 128) {
    out.bytes[out.offset++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  out.bytes[out.offset++] = rest;
}

/** Bytes with their length before them, as RowBinary writes a String. */
export function writeBytes(out: ByteWriter, value: Uint8Array): void {
  writeVarUInt(out, value.length);
  out.reserve(value.length);
  out.bytes.set(value, out.offset);
  out.offset += value.length;
}

/**
 * Text as UTF-8 with its length before it. PRECONDITION: no lone surrogates, which would become U+FFFD.
 *
 * A UTF-16 unit makes at most three bytes, so up to 42 units the length is certain to take one byte and the text can
 * be encoded in place; longer text is encoded once, copied once.
 */
export function writeText(out: ByteWriter, value: string): void {
  if (value.length > 42) {
    writeBytes(out, encoder.encode(value));
    return;
  }
  out.reserve(127);
  const { written } = encoder.encodeInto(value, out.bytes.subarray(out.offset + 1));
  out.bytes[out.offset] = written;
  out.offset += 1 + written;
}

export function writeByte(out: ByteWriter, value: number): void {
  out.reserve(1);
  out.bytes[out.offset++] = value;
}

/** A 64-bit integer, two's complement, from a safe integer: two 32-bit stores make no bigint. */
export function writeInt64Number(out: ByteWriter, value: number): void {
  out.reserve(8);
  const high = Math.floor(value / WORD); // floor: negative values borrow from the high half
  out.view.setUint32(out.offset, value - high * WORD, true);
  out.view.setInt32(out.offset + 4, high, true);
  out.offset += 8;
}

/** The same from a bigint; the caller has checked the range, signed or unsigned. */
export function writeInt64BigInt(out: ByteWriter, value: bigint): void {
  out.reserve(8);
  out.view.setBigUint64(out.offset, BigInt.asUintN(64, value), true);
  out.offset += 8;
}

/** `byteCount` zero bytes: the default value of every type of fixed width. */
export function writeZeros(out: ByteWriter, byteCount: number): void {
  out.reserve(byteCount);
  out.bytes.fill(0, out.offset, out.offset + byteCount);
  out.offset += byteCount;
}
