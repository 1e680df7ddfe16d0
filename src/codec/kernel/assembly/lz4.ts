import { inflateLz4Block } from "./lz4-block";
import { INFLATED_BYTES_MAX } from "./lz4-limit";
import { regionBase, regionCursor, reserve, setRegionCursor } from "./memory";

const FRAME_MAGIC: u32 = 0x184d2204;
const FRAME_HEADER_BYTES_MIN: usize = 7;

const FLAG_DICTIONARY: u32 = 0x01;
const FLAG_CONTENT_CHECKSUM: u32 = 0x04;
const FLAG_CONTENT_SIZE: u32 = 0x08;
const FLAG_BLOCK_CHECKSUM: u32 = 0x10;
const FLAG_INDEPENDENT: u32 = 0x20;

/** One byte of an LZ4 block makes at most this many bytes (a length byte of 255). */
const GROWTH_MAX: usize = 255;

const OWN_BLOCK: usize = usize.MAX_VALUE;

/**
 * Inflates LZ4 frames, one after another (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), and appends what
 * comes out to the region `target`, which may move. True when all of `source … sourceEnd` was read.
 *
 * False when the reference (src/codec/inflate/lz4.ts) throws, or when memory is at its bound; then the region's cursor
 * is where it was. Checksums are skipped as there.
 */
export function inflateLz4(source: usize, sourceEnd: usize, target: usize): bool {
  const outputOffset = regionCursor(target) - regionBase(target);
  let from = source;
  do {
    from = inflateFrame(from, sourceEnd, target, outputOffset);
  } while (from != 0 && from < sourceEnd);
  if (from == 0) setRegionCursor(target, regionBase(target) + outputOffset);
  return from != 0;
}

/** Returns where the frame ends; 0 when it cannot be read. `outputOffset` is where the first frame's output begins. */
function inflateFrame(from: usize, end: usize, target: usize, outputOffset: usize): usize {
  if (end - from < FRAME_HEADER_BYTES_MIN || load<u32>(from) != FRAME_MAGIC) return 0;
  const flags = <u32>load<u8>(from, 4);
  if (flags >> 6 != 1 || (flags & FLAG_DICTIONARY) != 0) return 0;
  const blockBytesCode = (load<u8>(from, 5) >> 4) & 7;
  if (blockBytesCode < 4) return 0;
  const blockBytesMax = <usize>1 << (8 + 2 * blockBytesCode);
  const blockChecksumBytes: usize = (flags & FLAG_BLOCK_CHECKSUM) != 0 ? 4 : 0;
  const contentChecksumBytes: usize = (flags & FLAG_CONTENT_CHECKSUM) != 0 ? 4 : 0;
  const isLinked = (flags & FLAG_INDEPENDENT) == 0;
  const windowOffset = isLinked ? regionCursor(target) - regionBase(target) : OWN_BLOCK;

  from += FRAME_HEADER_BYTES_MIN;
  if ((flags & FLAG_CONTENT_SIZE) != 0) {
    if (end - from < 8) return 0;
    from += 8;
  }
  for (;;) {
    if (end - from < 4) return 0;
    const word = load<u32>(from);
    from += 4;
    if (word == 0) break;
    const byteLength = <usize>(word & 0x7fffffff);
    if (byteLength > end - from || blockChecksumBytes > end - from - byteLength) return 0;
    const isStored = word >> 31 != 0;
    if (!appendBlock(from, byteLength, isStored, target, blockBytesMax, windowOffset, outputOffset)) return 0;
    from += byteLength + blockChecksumBytes;
  }
  return contentChecksumBytes <= end - from ? from + contentChecksumBytes : 0;
}

/** Matches may reach back to `windowOffset` bytes after the region's base, or to the block's own start (OWN_BLOCK). */
function appendBlock(
  from: usize,
  byteLength: usize,
  isStored: bool,
  target: usize,
  blockBytesMax: usize,
  windowOffset: usize,
  outputOffset: usize,
): bool {
  const growth: usize = isStored ? 1 : GROWTH_MAX;
  const grownBytesMax = byteLength > blockBytesMax / growth ? blockBytesMax : byteLength * growth;
  const bytesLeft = INFLATED_BYTES_MAX - (regionCursor(target) - regionBase(target) - outputOffset);
  const limitBytes = min(grownBytesMax, bytesLeft);
  if (isStored && byteLength > limitBytes) return false;
  const to = reserve(target, limitBytes);
  if (to == 0) return false;
  if (isStored) {
    memory.copy(to, from, byteLength);
    setRegionCursor(target, to + byteLength);
    return true;
  }
  const windowStart = windowOffset == OWN_BLOCK ? to : regionBase(target) + windowOffset;
  const written = inflateLz4Block(from, from + byteLength, to, to + limitBytes, windowStart);
  if (written == 0) return false;
  setRegionCursor(target, written);
  return true;
}
