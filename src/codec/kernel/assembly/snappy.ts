import { copyLoose } from "./bytes";
import { copyMatch } from "./lz4-copy";
import { INFLATED_BYTES_MAX } from "./lz4-limit";
import { regionBase, regionCursor, reserve, setRegionCursor } from "./memory";

/** snappy-java's stream header: 0x82 "SNAPPY" 0x00, then two big-endian versions. Java producers write it. */
const XERIAL_MAGIC: u64 = 0x0059_5050_414e_5382;
const XERIAL_HEADER_BYTES: usize = 16;

/** Three bytes make at most a copy of 64, so a block that claims more than this per byte lies. */
const GROWTH_MAX: u64 = 22;

/** Where the block begins after its length, set by `readLength`. */
let blockStart: usize = 0;

/**
 * Inflates snappy as Kafka clients write it, a raw block (librdkafka, Go) or snappy-java's framing around many, and
 * appends what comes out to the region `target`, which may move. True when all of `source … sourceEnd` was read.
 *
 * False when the reference (src/codec/inflate/snappy.ts) throws, or when memory is at its bound; then the region's
 * cursor is where it was.
 */
export function inflateSnappy(source: usize, sourceEnd: usize, target: usize): bool {
  const outputOffset = regionCursor(target) - regionBase(target);
  const isFramed = sourceEnd - source >= 8 && load<u64>(source) == XERIAL_MAGIC;
  const isRead = isFramed
    ? appendChunks(source, sourceEnd, target, outputOffset)
    : appendBlock(source, sourceEnd, target, INFLATED_BYTES_MAX);
  if (!isRead) setRegionCursor(target, regionBase(target) + outputOffset);
  return isRead;
}

function appendChunks(from: usize, end: usize, target: usize, outputOffset: usize): bool {
  if (end - from < XERIAL_HEADER_BYTES) return false;
  from += XERIAL_HEADER_BYTES;
  while (from < end) {
    if (end - from < 4) return false;
    // A negative length is above what is left too.
    const byteLength = <usize>bswap(load<u32>(from));
    from += 4;
    if (byteLength > end - from) return false;
    const bytesLeft = INFLATED_BYTES_MAX - (regionCursor(target) - regionBase(target) - outputOffset);
    if (!appendBlock(from, from + byteLength, target, bytesLeft)) return false;
    from += byteLength;
  }
  return true;
}

function appendBlock(from: usize, end: usize, target: usize, bytesMax: usize): bool {
  const length = readLength(from, end);
  if (length > <u64>bytesMax || length > <u64>(end - from) * GROWTH_MAX) return false;
  const to = reserve(target, <usize>length);
  if (to == 0) return false;
  const limit = to + <usize>length;
  if (inflateBlock(blockStart, end, to, limit) != limit) return false;
  setRegionCursor(target, limit);
  return true;
}

/** The preamble: the inflated length as a varint of at most five bytes; the largest number when it is cut off. */
function readLength(from: usize, end: usize): u64 {
  let length: u64 = 0;
  for (let shift: u64 = 0; shift < 35 && from < end; shift += 7) {
    const byte = <u64>load<u8>(from++);
    length |= (byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    blockStart = from;
    return length;
  }
  return u64.MAX_VALUE;
}

/**
 * Decodes the elements of one raw block (https://github.com/google/snappy/blob/main/format_description.txt). Returns the
 * end of the output; 0 when a length leaves the block, a copy reaches before `to` or the output would pass `limit`.
 */
function inflateBlock(from: usize, end: usize, to: usize, limit: usize): usize {
  const outputStart = to;
  while (from < end) {
    const tag = <usize>load<u8>(from++);
    const kind = tag & 3;
    if (kind == 0) {
      let lengthMinusOne = tag >> 2;
      if (lengthMinusOne >= 60) {
        const lengthBytes = lengthMinusOne - 59;
        if (lengthBytes > end - from) return 0;
        lengthMinusOne = <usize>(load<u32>(from) & (u32.MAX_VALUE >> (32 - 8 * <u32>lengthBytes)));
        from += lengthBytes;
      }
      // Compared before the one is added, with which the largest length would wrap around.
      if (lengthMinusOne >= end - from || lengthMinusOne >= limit - to) return 0;
      copyLoose(to, from, lengthMinusOne + 1);
      from += lengthMinusOne + 1;
      to += lengthMinusOne + 1;
      continue;
    }
    const distanceBytes: usize = kind == 3 ? 4 : kind;
    if (distanceBytes > end - from) return 0;
    let length = (tag >> 2) + 1;
    let distance = <usize>load<u32>(from);
    if (kind == 1) {
      length = ((tag >> 2) & 7) + 4;
      distance = (distance & 0xff) | ((tag >> 5) << 8);
    } else if (kind == 2) {
      distance &= 0xffff;
    }
    from += distanceBytes;
    // Distance 0 wraps around to the largest number.
    if (distance - 1 >= to - outputStart || length > limit - to) return 0;
    copyMatch(to, distance, length);
    to += length;
  }
  return to;
}
