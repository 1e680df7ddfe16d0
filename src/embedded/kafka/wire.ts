import type { Reader, Writer } from "@platformatic/kafka";

/**
 * The non-flexible forms (int16 string lengths, int32 array counts, no tagged fields) of the protocol's basic types.
 *
 * `Reader` and `Writer` default to the flexible forms; nearly every version that this broker advertises is older than
 * its API's first flexible one, so the plain forms are named here once.
 */
export function readString(reader: Reader): string {
  return reader.readString(false);
}

/** A string that may be null (length −1). */
export function readNullableString(reader: Reader): string | null {
  return reader.readNullableString(false);
}

/** Bytes with an int32 length; null reads as empty. The result shares the request's memory. */
export function readBytes(reader: Reader): Buffer {
  return reader.readBytes(false);
}

/** An array with an int32 count; null reads as empty. */
export function readArray<T>(reader: Reader, entry: (reader: Reader) => T): T[] {
  return reader.readArray(entry, false, false);
}

/** An array that may be null (count −1). */
export function readNullableArray<T>(reader: Reader, entry: (reader: Reader) => T): T[] | null {
  return reader.readNullableArray(entry, false, false);
}

/** An int64 as a number: offsets and epoch milliseconds stay below 2^53. */
export function readInt64(reader: Reader): number {
  return Number(reader.readInt64());
}

/** Writes a string, or null as length −1. */
export function writeString(writer: Writer, value: string | null): Writer {
  return writer.appendString(value, false);
}

/** Writes bytes with an int32 length. */
export function writeBytes(writer: Writer, value: Buffer): Writer {
  return writer.appendBytes(value, false);
}

/** Writes an array with an int32 count; null is count −1. */
export function writeArray<T>(writer: Writer, values: T[] | null, entry: (writer: Writer, value: T) => void): Writer {
  return writer.appendArray(values, entry, false, false);
}

/** Writes an int64 from a safe integer. */
export function writeInt64(writer: Writer, value: number): Writer {
  return writer.appendInt64(BigInt(value));
}
