import { SLACK_BYTES } from "./layout";

/**
 * Memory of the kernel. Nothing is freed: regions grow by doubling into fresh memory and are kept for the life of the
 * worker, so that after the first batches of full size nothing grows any more.
 */

/** A region is three words: where it begins, where the next byte goes, where it ends. */
const REGION_BYTES = 12;

/** The kernel may hold this much; above, `allocate` returns 0 and the batch goes to the reference. */
const MEMORY_BYTES_MAX: usize = 1 << 30;

let heap: usize = (__heap_base + 15) & ~15;

/** Fresh bytes on a 16-byte boundary, zeroed, with slack after them; 0 when memory is at its bound. */
export function allocate(bytes: usize): usize {
  const start = heap;
  // Compared before the sum, which a hostile length could make wrap around.
  if (bytes > MEMORY_BYTES_MAX - SLACK_BYTES - 16 || start > MEMORY_BYTES_MAX - SLACK_BYTES - 16 - bytes) return 0;
  const end = (start + bytes + SLACK_BYTES + 15) & ~15;
  const pages = <i32>((end + 0xffff) >> 16);
  if (pages > memory.size() && memory.grow(pages - memory.size()) < 0) return 0;
  heap = end;
  return start;
}

export function createRegion(bytes: usize): usize {
  const region = allocate(REGION_BYTES);
  const base = allocate(bytes);
  store<u32>(region, <u32>base);
  store<u32>(region, <u32>base, 4);
  store<u32>(region, <u32>(base + bytes), 8);
  return region;
}

@inline
export function regionBase(region: usize): usize {
  return <usize>load<u32>(region);
}

@inline
export function regionCursor(region: usize): usize {
  return <usize>load<u32>(region, 4);
}

@inline
export function regionEnd(region: usize): usize {
  return <usize>load<u32>(region, 8);
}

@inline
export function setRegionCursor(region: usize, cursor: usize): void {
  store<u32>(region, <u32>cursor, 4);
}

/**
 * The region's cursor, after making sure that `bytes` more fit after it; 0 when memory is at its bound. The region may
 * have moved: addresses inside it that were taken before are void.
 */
@inline
export function reserve(region: usize, bytes: usize): usize {
  const cursor = regionCursor(region);
  return bytes <= <usize>load<u32>(region, 8) - cursor ? cursor : grow(region, bytes);
}

function grow(region: usize, bytes: usize): usize {
  const base = regionBase(region);
  const used = regionCursor(region) - base;
  const capacity = <usize>load<u32>(region, 8) - base;
  if (bytes > MEMORY_BYTES_MAX) return 0;
  const wanted = max(capacity * 2, used + bytes);
  const moved = allocate(wanted);
  if (moved == 0) return 0;
  memory.copy(moved, base, used);
  store<u32>(region, <u32>moved);
  store<u32>(region, <u32>(moved + used), 4);
  store<u32>(region, <u32>(moved + wanted), 8);
  return moved + used;
}
