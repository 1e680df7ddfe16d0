import { CodecError } from "../codec-error.ts";
import { inflateLz4Block } from "./lz4-block.ts";

const FRAME_MAGIC = 0x184d2204;
const FRAME_HEADER_BYTES_MIN = 7;

/** Largest block by the 3-bit code in the frame's BD byte; codes below 4 are reserved. */
const blockBytesByCode = [0, 0, 0, 0, 1 << 16, 1 << 18, 1 << 20, 1 << 22];

/** One byte of an LZ4 block makes at most this many bytes (a length byte of 255). */
const GROWTH_MAX = 255;

interface Output {
  bytes: Uint8Array;
  length: number;
  maxBytes: number;
}

/**
 * Inflates LZ4 frames, one after another (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md).
 *
 * Header checksums are not compared: clients before KIP-57 computed them over the wrong bytes, and such batches are
 * still in topics. Block and content checksums are skipped too.
 *
 * @throws CodecError when the frame is torn or lies, or beyond `maxBytes` of output.
 */
export function inflateLz4Frames(input: Uint8Array, maxBytes: number): Uint8Array {
  const output: Output = { bytes: new Uint8Array(Math.min(maxBytes, input.length * 4)), length: 0, maxBytes };
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  let offset = 0;
  do {
    offset = inflateFrame(view, input, offset, output);
  } while (offset < input.length);
  return output.bytes.subarray(0, output.length);
}

/** Returns where the frame ends. */
function inflateFrame(view: DataView, input: Uint8Array, start: number, output: Output): number {
  if (input.length - start < FRAME_HEADER_BYTES_MIN || view.getUint32(start, true) !== FRAME_MAGIC) {
    throw new CodecError(`no LZ4 frame at byte ${start} of ${input.length}`);
  }
  const flags = view.getUint8(start + 4);
  if (flags >> 6 !== 1) throw new CodecError(`LZ4 frame version ${flags >> 6}, known is 1`);
  if ((flags & 0x01) !== 0) throw new CodecError("LZ4 frame needs a dictionary");
  const blockBytesMax = blockBytesByCode[(view.getUint8(start + 5) >> 4) & 0x07]!;
  if (blockBytesMax === 0) throw new CodecError("LZ4 frame has a reserved block size");
  const isLinked = (flags & 0x20) === 0;
  const blockChecksumBytes = (flags & 0x10) !== 0 ? 4 : 0;
  const contentSizeBytes = (flags & 0x08) !== 0 ? 8 : 0;
  const contentChecksumBytes = (flags & 0x04) !== 0 ? 4 : 0;
  const frameOutputStart = output.length;

  let offset = start + FRAME_HEADER_BYTES_MIN + contentSizeBytes;
  for (;;) {
    if (offset + 4 > input.length) throw new CodecError(`LZ4 frame is cut off at byte ${input.length}`);
    const word = view.getUint32(offset, true);
    offset += 4;
    if (word === 0) break;
    const byteLength = word & 0x7fffffff;
    const blockEnd = offset + byteLength;
    if (blockEnd + blockChecksumBytes > input.length) {
      throw new CodecError(`LZ4 block at byte ${offset} claims ${byteLength} bytes, ${input.length - offset} are left`);
    }
    const isStored = word >>> 31 === 1;
    const grownBytesMax = Math.min(blockBytesMax, isStored ? byteLength : byteLength * GROWTH_MAX);
    if (isStored && byteLength > blockBytesMax) throw new CodecError(`LZ4 block at byte ${offset} is too large`);
    const limit = reserve(output, grownBytesMax);
    if (isStored) {
      if (output.length + byteLength > limit) throw tooLarge(output);
      output.bytes.set(input.subarray(offset, blockEnd), output.length);
      output.length += byteLength;
    } else {
      const windowStart = isLinked ? frameOutputStart : output.length;
      const written = inflateLz4Block(input, offset, blockEnd, output.bytes, output.length, limit, windowStart);
      if (written === -1) throw tooLarge(output);
      output.length = written;
    }
    offset = blockEnd + blockChecksumBytes;
  }
  if (offset + contentChecksumBytes > input.length) throw new CodecError("LZ4 frame is cut off in its checksum");
  return offset + contentChecksumBytes;
}

/** Makes room for one block; returns the offset that its output must not pass. */
function reserve(output: Output, byteCount: number): number {
  const limit = Math.min(output.maxBytes, output.length + byteCount);
  if (limit > output.bytes.length) {
    const grown = new Uint8Array(Math.min(output.maxBytes, Math.max(limit, output.bytes.length * 2)));
    grown.set(output.bytes.subarray(0, output.length));
    output.bytes = grown;
  }
  return limit;
}

function tooLarge(output: Output): CodecError {
  return new CodecError(`LZ4 block exceeds its frame's block size or the limit of ${output.maxBytes} bytes`);
}
