import { createRequire } from "node:module";

/** kafkajs' writer: a buffer that grows, and how much of it is written. */
export interface Encoder {
  buf: Buffer;
  offset: number;
  ensureAvailable(byteCount: number): void;
  writeInt8(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeString(text: string | null): Encoder;
}

const require = createRequire(import.meta.url);

/** Half a kilobyte by default, cleared: one for each partition of a request is a megabyte of garbage a second. */
export const KafkaEncoder: new (initialBytes?: number) => Encoder = require("kafkajs/src/protocol/encoder.js");

const WORD = 2 ** 32;

/** Writes an offset, below 2^53 and not negative, where there is room for it. Returns the place behind it. */
export function writeOffset(buf: Buffer, offset: number, at: number): number {
  const high = Math.floor(offset / WORD);
  buf.writeInt32BE(high, at);
  return buf.writeUInt32BE(offset - high * WORD, at + 4);
}
