import { copyForward, copyLoose } from "./bytes";

/**
 * The copies of LZ4 and snappy out of their own output. They write, and read, up to 15 bytes more than asked: regions
 * have slack for that (memory.ts), and the next copy overwrites the excess.
 */

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
 * Copies `length` bytes (1 or more) from `distance` (1 or more) back; they may overlap, and then repeat. Writes up to 15
 * bytes more.
 */
@inline
export function copyMatch(to: usize, distance: usize, length: usize): void {
  const from = to - distance;
  if (distance < 16) return repeat(to, distance, length);
  if (distance < length) copyForward(to, from, length);
  else copyLoose(to, from, length);
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
