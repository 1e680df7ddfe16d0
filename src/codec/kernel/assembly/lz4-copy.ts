/**
 * Copies in whole vectors of 16 bytes, shared by LZ4 and snappy. They write, and read, up to 15 bytes more than asked:
 * regions and inputs have slack for that (memory.ts), and the next copy overwrites the excess.
 */

/** From here a bulk copy's call costs less than the loop. */
const BULK_BYTES_MIN: usize = 512;

/** Row d: the indexes 0 … d − 1 over and over; with it a swizzle spreads a period of d bytes over a vector. */
const periods = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
  0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
  0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
]);

/** The whole periods of d bytes that fit a vector, in bytes. */
const strides = memory.data<u8>([16, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15]);

/**
 * Copies `length` bytes from outside the target to it. `from` and `to` may have 15 bytes more read and written behind
 * their ends; both reach at least that far.
 */
// @ts-ignore: decorator
@inline
export function copyLiterals(to: usize, from: usize, length: usize): void {
  v128.store(to, v128.load(from));
  if (length > 16) copyLong(to, from, length);
}

/**
 * Copies `length` bytes (1 or more) from `distance` (1 or more) back; they may overlap, and then repeat. Writes up to 15
 * bytes more.
 */
// @ts-ignore: decorator
@inline
export function copyMatch(to: usize, distance: usize, length: usize): void {
  const from = to - distance;
  if (distance < 16) return repeat(to, distance, length);
  v128.store(to, v128.load(from));
  if (length <= 16) return;
  if (distance < length) copyForward(to, from, length);
  else copyLong(to, from, length);
}

/** For bytes that do not overlap. */
function copyLong(to: usize, from: usize, length: usize): void {
  if (length >= BULK_BYTES_MIN) memory.copy(to, from, length);
  else copyForward(to, from, length);
}

/** For bytes whose target begins at least 16 behind them: each vector is read after the one that wrote it. */
function copyForward(to: usize, from: usize, length: usize): void {
  const stop = to + length;
  do {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  } while (to < stop);
}

/** For distances under 16: one vector of whole periods, stored again and again. */
function repeat(to: usize, distance: usize, length: usize): void {
  const stop = to + length;
  const period = v128.swizzle(v128.load(to - distance), v128.load(periods + (distance << 4)));
  const stride = <usize>load<u8>(strides + distance);
  do {
    v128.store(to, period);
    to += stride;
  } while (to < stop);
}
