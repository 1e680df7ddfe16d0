/**
 * Reads a big-endian INT64 as a number: offsets and times of Kafka, which are safe integers, and −1. Without a view and a
 * BigInt: of a light load there are some for each record.
 */
export function readInt64(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  const low = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0;
  return high * 2 ** 32 + low;
}
