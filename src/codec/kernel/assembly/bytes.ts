/** Byte work that several modules need. */

/** From here a bulk copy's call costs less than the loop. */
const BULK_BYTES_MIN: usize = 512;

/**
 * Copies `length` bytes that do not overlap, sixteen at a time; up to fifteen bytes after the target's end are
 * overwritten and as many after the source's end are read. Most texts end with the first sixteen.
 */
@inline
export function copyLoose(target: usize, source: usize, length: usize): void {
  v128.store(target, v128.load(source));
  if (length > 16) copyLong(target, source, length);
}

function copyLong(target: usize, source: usize, length: usize): void {
  if (length >= BULK_BYTES_MIN) memory.copy(target, source, length);
  else copyForward(target, source, length);
}

/** For bytes whose target begins 16 bytes or more further on, overlapping or not: each vector is read after it was written. */
export function copyForward(target: usize, source: usize, length: usize): void {
  const end = target + length;
  do {
    v128.store(target, v128.load(source));
    target += 16;
    source += 16;
  } while (target < end);
}

/** Unsigned LEB128, as RowBinary and Native write lengths; returns the end. */
@inline
export function writeVarUint(at: usize, value: usize): usize {
  if (value < 128) {
    store<u8>(at, <u8>value);
    return at + 1;
  }
  let rest = value;
  let end = at;
  while (rest >= 128) {
    store<u8>(end++, <u8>(rest | 128));
    rest >>= 7;
  }
  store<u8>(end, <u8>rest);
  return end + 1;
}

export function sameBytes(left: usize, right: usize, length: usize): bool {
  let index: usize = 0;
  for (; index + 16 <= length; index += 16) {
    if (v128.any_true(v128.xor(v128.load(left + index), v128.load(right + index)))) return false;
  }
  if (index == length) return true;
  const difference = i8x16.bitmask(i8x16.eq(v128.load(left + index), v128.load(right + index)));
  const wanted = (1 << <i32>(length - index)) - 1;
  return (difference & wanted) == wanted;
}

let hashSeed: u64 = 0;

/** The host sets a random seed, so that nobody can send values that all meet in one place of a table. */
export function seedHash(seed: u64): void {
  hashSeed = seed;
}

/** A seeded hash; up to fifteen bytes after the end are read and shifted out. */
@inline
export function hashBytes(start: usize, length: usize): u32 {
  let state: u64 = hashSeed + length;
  if (length > 8) {
    // The last eight bytes are taken whole; what they share with the eights before does no harm.
    const last = start + length - 8;
    for (let at = start; at < last; at += 8) state = mix(state ^ load<u64>(at));
    state ^= load<u64>(last);
  } else if (length > 0) {
    state ^= load<u64>(start) << ((8 - length) << 3);
  }
  return <u32>(mix(state) >> 32);
}

@inline
function mix(state: u64): u64 {
  const product = (state ^ 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd;
  return product ^ (product >> 32);
}
