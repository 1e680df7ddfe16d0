/**
 * Reads the text of decimal numbers exactly: sign, significant digits, power of ten. What integers, floats and decimals
 * share. The grammar is that of src/codec/reference/columns/decimal-text.ts, of which JSON's is a part.
 */
import { DECLINED, OK, REJECT_FIELD_FORMAT } from "./layout";
import { powerOfTen } from "./powers-of-ten";

/** The last text read: ± `significand` × 10^`power`, and a little more when `cut`. */
export let negative: bool = false;
/** The first 19 significant digits, which always fit. */
export let significand: u64 = 0;
export let power: i32 = 0;
/** Digits other than zero follow after the 19. */
export let cut: bool = false;

/** Longer numbers are left to the reference: its bound on exponents would begin to show. */
const TEXT_BYTES_MAX: usize = 1000;
/** Far beyond every range, even for a thousand digits before or after the point. */
const EXPONENT_MAX: i32 = 1_000_000;

/**
 * The number of 16 digits, 0 … 9 each, the highest in lane 0. Neighbours are joined three times, each time all at once:
 * digits to pairs, pairs to fours, fours to eights.
 */
@inline
export function joinDigits(digits: v128): u64 {
  const high = v128.and(digits, i16x8.splat(0xff));
  const pairs = i16x8.add(i16x8.mul(high, i16x8.splat(10)), i16x8.shr_u(digits, 8));
  const fours = i32x4.dot_i16x8_s(pairs, i16x8(100, 1, 100, 1, 100, 1, 100, 1));
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_s(fours, fours), i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1));
  return <u64>i32x4.extract_lane(eights, 0) * 100_000_000 + <u64>i32x4.extract_lane(eights, 1);
}

/** The numbers of the lanes: what moves bytes by a distance known only at run time. */
@inline
export function lanes(): v128 {
  return i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/**
 * Reads a whole text. OK, and the globals above are set; REJECT_FIELD_FORMAT when it is not a decimal number (never for
 * JSON's); DECLINED when it is too long.
 *
 * Up to 16 digits and a point, all that most data has, are read at once: the bytes move to the end of a vector, those
 * after the point a lane less (swizzle makes zeros of the lanes before the first).
 */
export function readDecimal(start: usize, end: usize): u32 {
  if (start >= end) return REJECT_FIELD_FORMAT;
  const first = <u32>load<u8>(start);
  negative = first == 0x2d;
  const from = start + <usize>(first == 0x2d || first == 0x2b);
  const length = <u32>(end - from);
  if (length - 1 > 15) return readLongDecimal(from, end);
  const digits = i8x16.sub(v128.load(from), i8x16.splat(0x30));
  const used: u32 = (1 << length) - 1;
  const odd = used & ~i8x16.bitmask(i8x16.lt_u(digits, i8x16.splat(10)));
  const point = ctz(odd);
  cut = false;
  if (odd == 0) {
    significand = joinDigits(i8x16.swizzle(digits, i8x16.sub(lanes(), i8x16.splat(<i8>(16 - length)))));
    power = 0;
    return OK;
  }
  if ((odd & (odd - 1)) != 0 || length == 1 || load<u8>(from + point) != 0x2e) return readLongDecimal(from, end);
  const wanted = i8x16.sub(lanes(), i8x16.splat(<i8>(17 - length)));
  const behind = i8x16.ge_s(wanted, i8x16.splat(<i8>point));
  significand = joinDigits(i8x16.swizzle(digits, i8x16.sub(wanted, behind)));
  power = <i32>(point + 1) - <i32>length;
  return OK;
}

/** The same for any text after the sign. Digits are summed up first, as if they fitted, and counted afterwards. */
function readLongDecimal(from: usize, end: usize): u32 {
  significand = 0;
  let cursor = sumDigits(from, end);
  let digitCount = cursor - from;
  let fraction: usize = 0;
  if (cursor < end && load<u8>(cursor) == 0x2e) {
    const behind = sumDigits(cursor + 1, end);
    fraction = behind - cursor - 1;
    cursor = behind;
  }
  digitCount += fraction;
  if (digitCount == 0) return REJECT_FIELD_FORMAT;
  const digitsEnd = cursor;
  let exponent = 0;
  if (cursor < end) {
    if ((load<u8>(cursor++) | 0x20) != 0x65) return REJECT_FIELD_FORMAT;
    const sign: u32 = cursor < end ? load<u8>(cursor) : 0;
    if (sign == 0x2d || sign == 0x2b) cursor++;
    if (cursor >= end) return REJECT_FIELD_FORMAT;
    for (; cursor < end; cursor++) {
      const digit = <u32>load<u8>(cursor) - 0x30;
      if (digit > 9) return REJECT_FIELD_FORMAT;
      exponent = min(exponent * 10 + <i32>digit, EXPONENT_MAX);
    }
    if (sign == 0x2d) exponent = -exponent;
  }
  if (end - from > TEXT_BYTES_MAX) return DECLINED;
  cut = false;
  power = exponent - <i32>fraction;
  if (digitCount > 19) keepFirstDigits(from, digitsEnd);
  return OK;
}

/** Appends the digits at `cursor` to the significand, which wraps around; returns where they end. */
function sumDigits(from: usize, end: usize): usize {
  let cursor = from;
  let sum = significand;
  while (cursor < end && end - cursor >= 8) {
    const eight = load<u64>(cursor) - 0x3030303030303030;
    // Each byte a digit: neither it nor it + 118 has its high bit set. A borrow from below only follows a failing byte.
    if (((eight | (eight + 0x7676767676767676)) & 0x8080808080808080) != 0) break;
    const pairs = (eight * 10 + (eight >> 8)) & 0x00ff00ff00ff00ff;
    const fours = (pairs * 100 + (pairs >> 16)) & 0x0000ffff0000ffff;
    sum = sum * 100_000_000 + ((fours * 10000 + (fours >> 32)) & 0xffffffff);
    cursor += 8;
  }
  for (; cursor < end; cursor++) {
    const digit = <u64>load<u8>(cursor) - 0x30;
    if (digit > 9) break;
    sum = sum * 10 + digit;
  }
  significand = sum;
  return cursor;
}

/** Makes the significand of the first 19 digits after leading zeros; the power grows by every digit left out. */
function keepFirstDigits(from: usize, end: usize): void {
  let sum: u64 = 0;
  let kept = 0;
  for (let cursor = from; cursor < end; cursor++) {
    const digit = <u64>load<u8>(cursor) - 0x30;
    if (digit > 9 || (digit | sum) == 0) continue;
    if (kept < 19) {
      sum = sum * 10 + digit;
      kept++;
    } else {
      power++;
      if (digit != 0) cut = true;
    }
  }
  significand = sum;
}

/**
 * What `scaleDecimal` found: digits were cut off; the result (void) is 2^64 or more. Both at once: it is 10^19 or more,
 * from more digits than were kept.
 */
export let inexact: bool = false;
export let overflow: bool = false;

/** The magnitude of the number last read times 10^`scale`, towards zero. Sets `inexact` and `overflow`. */
export function scaleDecimal(scale: i32): u64 {
  inexact = false;
  overflow = false;
  const shift = power + scale;
  if (shift == 0 || significand == 0) {
    inexact = cut;
    return significand;
  }
  if (shift < 0) {
    const quotient = shift < -19 ? 0 : significand / powerOfTen(-shift);
    inexact = cut || shift < -19 || quotient * powerOfTen(-shift) != significand;
    return quotient;
  }
  const factor = shift > 19 ? 0 : powerOfTen(shift);
  // The division is for numbers that come near the bound.
  if ((significand | factor) >> 32 == 0 && factor != 0) return significand * factor;
  // Digits that were cut off would be missing from the result.
  overflow = cut || factor == 0 || significand > u64.MAX_VALUE / factor;
  inexact = cut;
  return significand * factor;
}

/** Where a text begins and ends without the white space that JavaScript's `trim` takes off. */
export let trimmedStart: usize = 0;
export let trimmedEnd: usize = 0;

/** Sets the bounds above. False at non-ASCII ends, which may be white space too: the reference decides. */
export function trim(start: usize, end: usize): bool {
  let from = start;
  let to = end;
  while (from < to && isSpace(load<u8>(from))) from++;
  while (from < to && isSpace(load<u8>(to - 1))) to--;
  trimmedStart = from;
  trimmedEnd = to;
  return from == to || ((load<u8>(from) | load<u8>(to - 1)) & 0x80) == 0;
}

@inline
function isSpace(byte: u32): bool {
  return byte == 0x20 || byte - 9 < 5;
}
