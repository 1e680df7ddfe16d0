/** Byte work that several modules need. */

/**
 * Copies `length` bytes, sixteen at a time; up to fifteen bytes behind the target's end are overwritten and as many
 * behind the source's end are read.
 */
@inline
export function copyLoose(target: usize, source: usize, length: usize): void {
  v128.store(target, v128.load(source));
  for (let index: usize = 16; index < length; index += 16) v128.store(target + index, v128.load(source + index));
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

/** A seeded hash; up to seven bytes behind the end are read and shifted out. */
export function hashBytes(start: usize, length: usize): u32 {
  let state: u64 = hashSeed ^ (length * 0x9e3779b97f4a7c15);
  let index: usize = 0;
  for (; index + 8 < length; index += 8) {
    state = (state ^ load<u64>(start + index)) * 0xff51afd7ed558ccd;
    state ^= state >> 32;
  }
  if (length > index) {
    const tail = load<u64>(start + index) << ((8 - (length - index)) * 8);
    state = (state ^ tail) * 0xff51afd7ed558ccd;
  }
  state ^= state >> 32;
  state *= 0xc4ceb9fe1a85ec53;
  return <u32>(state >> 32);
}
