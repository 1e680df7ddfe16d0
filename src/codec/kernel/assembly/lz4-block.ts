import { copyLoose } from "./bytes";
import { copyMatch } from "./lz4-copy";

/**
 * Decodes one LZ4 block (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md) from `from … end` to `to`. Matches
 * may reach back to `windowStart`. Returns the end of the output; 0 when a length leaves the block, a match leaves the
 * window or the output would pass `limit`. Writes up to 15 bytes after what it returns.
 */
export function inflateLz4Block(from: usize, end: usize, to: usize, limit: usize, windowStart: usize): usize {
  while (from < end) {
    const token = <usize>load<u8>(from++);
    let literals = token >> 4;
    if (literals == 15) {
      let byte: usize = 255;
      while (byte == 255) {
        // Also keeps the sum from wrapping around: it ends at most 255 beyond what is there.
        if (literals > end - from) return 0;
        byte = <usize>load<u8>(from++);
        literals += byte;
      }
    }
    if (literals > end - from || literals > limit - to) return 0;
    copyLoose(to, from, literals);
    from += literals;
    to += literals;
    if (from == end) return to; // the last sequence has no match

    if (end - from < 2) return 0;
    const distance = <usize>load<u16>(from);
    from += 2;
    let matched = (token & 15) + 4;
    if (matched == 19) {
      let byte: usize = 255;
      while (byte == 255) {
        if (from >= end || matched > limit - to) return 0;
        byte = <usize>load<u8>(from++);
        matched += byte;
      }
    }
    // Distance 0 wraps around to the largest number.
    if (distance - 1 >= to - windowStart || matched > limit - to) return 0;
    copyMatch(to, distance, matched);
    to += matched;
  }
  return to;
}
