import { concat } from "../../testing/record-batch.ts";

/** Writes LZ4 and snappy element by element, lies included: packers make only what they like best. */

export interface Sequence {
  literals?: Uint8Array;
  distance?: number;
  matched?: number;
}

export interface Lz4Block {
  bytes: Uint8Array;
  isStored?: boolean;
}

export interface Lz4FrameInit {
  isLinked?: boolean;
  hasBlockChecksum?: boolean;
  hasContentSize?: boolean;
  hasContentChecksum?: boolean;
  /** 4 = 64 KiB … 7 = 4 MiB. */
  blockBytesCode?: number;
}

/** One frame. Checksums are zeros, which nobody compares. */
export function lz4Frame(init: Lz4FrameInit, blocks: Lz4Block[]): Uint8Array<ArrayBuffer> {
  const flags =
    0x40 |
    (init.isLinked ? 0 : 0x20) |
    (init.hasBlockChecksum ? 0x10 : 0) |
    (init.hasContentSize ? 0x08 : 0) |
    (init.hasContentChecksum ? 0x04 : 0);
  const parts: Uint8Array[] = [Uint8Array.of(0x04, 0x22, 0x4d, 0x18, flags, (init.blockBytesCode ?? 4) << 4)];
  if (init.hasContentSize) parts.push(new Uint8Array(8));
  parts.push(new Uint8Array(1));
  for (const { bytes, isStored } of blocks) {
    const word = new Uint8Array(4);
    new DataView(word.buffer).setUint32(0, (isStored ? 0x80000000 : 0) + bytes.length, true);
    parts.push(word, bytes);
    if (init.hasBlockChecksum) parts.push(new Uint8Array(4));
  }
  parts.push(new Uint8Array(init.hasContentChecksum ? 8 : 4));
  return concat(parts);
}

/** One compressed block; a sequence without a match is the last. */
export function lz4Block(sequences: Sequence[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const { literals = new Uint8Array(0), distance, matched = 4 } of sequences) {
    const hasMatch = distance !== undefined;
    const extraMatched = hasMatch ? matched - 4 : 0;
    parts.push(Uint8Array.of((Math.min(literals.length, 15) << 4) | Math.min(extraMatched, 15)));
    if (literals.length >= 15) parts.push(lengthBytes(literals.length - 15));
    parts.push(literals);
    if (!hasMatch) continue;
    parts.push(Uint8Array.of(distance & 0xff, distance >> 8));
    if (extraMatched >= 15) parts.push(lengthBytes(extraMatched - 15));
  }
  return concat(parts);
}

function lengthBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.floor(length / 255) + 1).fill(255);
  bytes[bytes.length - 1] = length % 255;
  return bytes;
}

/** One raw block. `claimed` replaces its true inflated length. Matches are at most 64 long. */
export function snappyBlock(elements: Sequence[], claimed?: number): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const { literals, distance, matched = 4 } of elements) {
    length += literals ? literals.length : matched;
    parts.push(literals ? concat([literalTag(literals.length), literals]) : copyTag(distance ?? 1, matched));
  }
  const preamble: number[] = [];
  let rest = claimed ?? length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) preamble.push((rest % 128) | 0x80);
  return concat([Uint8Array.from([...preamble, rest]), ...parts]);
}

function literalTag(length: number): Uint8Array<ArrayBuffer> {
  const rest = length - 1;
  if (rest < 60) return Uint8Array.of(rest << 2);
  if (rest < 1 << 8) return Uint8Array.of(60 << 2, rest);
  if (rest < 1 << 16) return Uint8Array.of(61 << 2, rest & 0xff, rest >> 8);
  return Uint8Array.of(63 << 2, rest & 0xff, (rest >> 8) & 0xff, (rest >> 16) & 0xff, rest >>> 24);
}

/** The three kinds of copies in turn, where they can say it. */
function copyTag(distance: number, length: number): Uint8Array<ArrayBuffer> {
  if (length >= 4 && length <= 11 && distance < 2048) {
    return Uint8Array.of(1 | ((length - 4) << 2) | ((distance >> 8) << 5), distance & 0xff);
  }
  if (distance < 1 << 16 && length % 2 === 0) {
    return Uint8Array.of(2 | ((length - 1) << 2), distance & 0xff, distance >> 8);
  }
  const bytes = new Uint8Array(5);
  bytes[0] = 3 | ((length - 1) << 2);
  new DataView(bytes.buffer).setUint32(1, distance, true);
  return bytes;
}

/** snappy-java's stream around raw blocks. */
export function xerial(blocks: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1)];
  for (const block of blocks) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setInt32(0, block.length);
    parts.push(length, block);
  }
  return concat(parts);
}

/** Text with repetitions near and far. */
export function plainText(lines: number): string {
  return Array.from({ length: lines }, (_, i) => `{"id":${i},"user":"u${(i * 7919) % 1000}","ok":true}`).join("\n");
}
