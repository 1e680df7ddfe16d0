import { CodecError } from "../codec-error.ts";

/** Below this many bytes a loop beats the call of copyWithin or set. */
const LOOP_BYTES_MAX = 32;

/**
 * Decodes one LZ4 block (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md) from `input[start … end)` to
 * `output` at `outputStart`. Matches may reach back to `windowStart`. Returns the end of the output, or −1 when it
 * would pass `outputLimit`.
 *
 * @throws CodecError when a length leaves the block or a match leaves the window.
 */
export function inflateLz4Block(
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
  outputLimit: number,
  windowStart: number,
): number {
  let from = start;
  let to = outputStart;
  while (from < end) {
    const token = input[from++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255) {
        if (from >= end) throw cutOff(from);
        byte = input[from++]!;
        literals += byte;
      }
    }
    if (literals > end - from) throw cutOff(from);
    if (literals > outputLimit - to) return -1;
    if (literals > LOOP_BYTES_MAX) {
      output.set(input.subarray(from, from + literals), to);
      from += literals;
      to += literals;
    } else {
      for (const stop = from + literals; from < stop; ) output[to++] = input[from++]!;
    }
    if (from === end) return to; // the last sequence has no match

    if (from + 2 > end) throw cutOff(from);
    const distance = input[from]! | (input[from + 1]! << 8);
    from += 2;
    let matched = (token & 0x0f) + 4;
    if (matched === 19) {
      let byte = 255;
      while (byte === 255) {
        if (from >= end) throw cutOff(from);
        byte = input[from++]!;
        matched += byte;
      }
    }
    if (distance === 0 || distance > to - windowStart) {
      throw new CodecError(`LZ4 match at byte ${from} reaches ${distance} bytes back, ${to - windowStart} are there`);
    }
    if (matched > outputLimit - to) return -1;
    to = copyMatch(output, to, distance, matched);
  }
  return to;
}

/** Copies `length` bytes from `distance` back; they may overlap, and then repeat. Shared with snappy. */
export function copyMatch(output: Uint8Array, to: number, distance: number, length: number): number {
  const stop = to + length;
  if (distance >= length && length > LOOP_BYTES_MAX) {
    output.copyWithin(to, to - distance, stop - distance);
    return stop;
  }
  for (let index = to; index < stop; index++) output[index] = output[index - distance]!;
  return stop;
}

function cutOff(offset: number): CodecError {
  return new CodecError(`LZ4 block is cut off at byte ${offset}`);
}
