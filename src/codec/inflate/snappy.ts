import { CodecError } from "../codec-error.ts";
import { copyMatch } from "./lz4-block.ts";

/** snappy-java's stream header: 0x82 "SNAPPY" 0x00, then two big-endian versions. Java producers write it. */
const xerialMagic = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
const XERIAL_HEADER_BYTES = 16;

/** Three bytes make at most a copy of 64, so a block that claims more than this per byte lies. */
const GROWTH_MAX = 22;

/**
 * Inflates snappy as Kafka clients write it: raw blocks (librdkafka, Go) or snappy-java's framing around them.
 *
 * @throws CodecError when the input is torn or lies, or beyond `maxBytes` of output.
 */
export function inflateSnappy(input: Uint8Array, maxBytes: number): Uint8Array {
  if (!xerialMagic.every((byte, index) => input[index] === byte)) {
    const output = new Uint8Array(readLength(input, 0, input.length, maxBytes).length);
    inflateBlock(input, 0, input.length, output, 0);
    return output;
  }
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  let outputBytes = 0;
  forEachChunk(view, (start, end) => {
    outputBytes += readLength(input, start, end, maxBytes - outputBytes).length;
  });
  const output = new Uint8Array(outputBytes);
  let written = 0;
  forEachChunk(view, (start, end) => {
    written = inflateBlock(input, start, end, output, written);
  });
  return output;
}

function forEachChunk(view: DataView, visit: (start: number, end: number) => void): void {
  let offset = XERIAL_HEADER_BYTES;
  if (view.byteLength < offset) throw new CodecError("snappy-java header is cut off");
  while (offset < view.byteLength) {
    if (offset + 4 > view.byteLength) throw new CodecError(`snappy chunk length is cut off at byte ${offset}`);
    const byteLength = view.getInt32(offset);
    const start = offset + 4;
    offset = start + byteLength;
    if (byteLength < 0 || offset > view.byteLength) {
      throw new CodecError(
        `snappy chunk at byte ${start} claims ${byteLength} bytes, ${view.byteLength - start} are left`,
      );
    }
    visit(start, offset);
  }
}

/** The preamble: the inflated length as a varint. */
function readLength(input: Uint8Array, start: number, end: number, maxBytes: number): { length: number; next: number } {
  let length = 0;
  let scale = 1;
  for (let offset = start; offset < end && offset < start + 5; offset++) {
    const byte = input[offset]!;
    length += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte >= 0x80) continue;
    if (length > maxBytes) throw new CodecError(`snappy block claims ${length} bytes, allowed are ${maxBytes}`);
    if (length > (end - start) * GROWTH_MAX) {
      throw new CodecError(`snappy block of ${end - start} bytes claims ${length} bytes`);
    }
    return { length, next: offset + 1 };
  }
  throw new CodecError(`snappy length at byte ${start} is cut off`);
}

/**
 * Decodes one raw block to `output` at `outputStart`; returns the end of its output
 * (https://github.com/google/snappy/blob/main/format_description.txt).
 */
function inflateBlock(input: Uint8Array, start: number, end: number, output: Uint8Array, outputStart: number): number {
  const preamble = readLength(input, start, end, output.length - outputStart);
  const limit = outputStart + preamble.length;
  let from = preamble.next;
  let to = outputStart;
  while (from < end) {
    const tag = input[from++]!;
    const kind = tag & 0x03;
    if (kind === 0) {
      let length = tag >> 2;
      if (length >= 60) {
        const lengthBytes = length - 59;
        if (from + lengthBytes > end) throw cutOff(from);
        length = readLittleEndian(input, from, lengthBytes);
        from += lengthBytes;
      }
      length++;
      if (length > end - from) throw cutOff(from);
      if (length > limit - to) throw tooLong(from, preamble.length);
      output.set(input.subarray(from, from + length), to);
      from += length;
      to += length;
      continue;
    }
    const distanceBytes = kind === 3 ? 4 : kind;
    if (from + distanceBytes > end) throw cutOff(from);
    const length = kind === 1 ? ((tag >> 2) & 0x07) + 4 : (tag >> 2) + 1;
    const distance = readLittleEndian(input, from, distanceBytes) + (kind === 1 ? (tag >> 5) << 8 : 0);
    from += distanceBytes;
    if (distance === 0 || distance > to - outputStart) {
      throw new CodecError(`snappy copy at byte ${from} reaches ${distance} bytes back, ${to - outputStart} are there`);
    }
    if (length > limit - to) throw tooLong(from, preamble.length);
    to = copyMatch(output, to, distance, length);
  }
  if (to !== limit) throw new CodecError(`snappy block holds ${to - outputStart} bytes, claims ${preamble.length}`);
  return to;
}

function readLittleEndian(input: Uint8Array, offset: number, byteCount: number): number {
  let value = 0;
  for (let index = byteCount - 1; index >= 0; index--) value = value * 256 + input[offset + index]!;
  return value;
}

function cutOff(offset: number): CodecError {
  return new CodecError(`snappy block is cut off at byte ${offset}`);
}

function tooLong(offset: number, claimed: number): CodecError {
  return new CodecError(`snappy block exceeds the ${claimed} bytes it claims, at byte ${offset}`);
}
