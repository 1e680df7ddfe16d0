/**
 * Decimal digits eight at a time inside a 64-bit word (SWAR). The first character is the lowest byte, as a
 * little-endian load puts it; `values` means a word from which the digit zero has been taken off each byte.
 */

const ZEROS: u64 = 0x3030303030303030;
const TO_HIGH_BIT: u64 = 0x7676767676767676;
const HIGH_BITS: u64 = 0x8080808080808080;

/** What `readDigits` returns when a byte is not a digit. */
export const NO_DIGITS: u64 = u64.MAX_VALUE;

@inline
export function isDigit(byte: u32): bool {
  return byte - 0x30 < 10;
}

/** True for the text of a JSON number that has a point or an exponent. */
export function isFloat(start: usize, end: usize): bool {
  for (let cursor = start; cursor < end; cursor++) {
    const byte = <u32>load<u8>(cursor);
    if (byte == 0x2e || (byte | 0x20) == 0x65) return true;
  }
  return false;
}

/** The high bit of the first byte that is not a value 0 … 9 is set; bits above it may be wrong, since sums carry. */
@inline
export function nonDigits(values: u64): u64 {
  return ((values + TO_HIGH_BIT) | values) & HIGH_BITS;
}

@inline
function loadValues(address: usize): u64 {
  return load<u64>(address) ^ ZEROS;
}

/**
 * The number of eight digit values. Neighbours are joined to pairs, then pairs 0 and 2 and pairs 1 and 3 are each
 * scaled by one multiplication ("Quickly parsing eight digits").
 */
@inline
function eightDigits(values: u64): u64 {
  const pairs = values * 10 + (values >> 8);
  const even = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
  const odd = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return (even + odd) >> 32;
}

/** The number of `length` digits, 1 … 19, or NO_DIGITS. */
export function readDigits(start: usize, length: u32): u64 {
  if (length <= 8) return leadingDigits(start, length);
  const low = loadValues(start + length - 8);
  if (nonDigits(low) != 0) return NO_DIGITS;
  if (length <= 16) {
    const high = leadingDigits(start, length - 8);
    return high == NO_DIGITS ? NO_DIGITS : high * 100_000_000 + eightDigits(low);
  }
  const middle = loadValues(start + length - 16);
  if (nonDigits(middle) != 0) return NO_DIGITS;
  const high = leadingDigits(start, length - 16);
  return high == NO_DIGITS ? NO_DIGITS : (high * 100_000_000 + eightDigits(middle)) * 100_000_000 + eightDigits(low);
}

/** 1 … 8 digits: the shift drops what follows them and puts zeros in front. */
@inline
function leadingDigits(start: usize, length: u32): u64 {
  const values = loadValues(start) << (64 - 8 * length);
  return nonDigits(values) == 0 ? eightDigits(values) : NO_DIGITS;
}

/** The number of two digits, or 100 and more when one of them is none. */
@inline
export function twoDigits(address: usize): u32 {
  const tens = <u32>load<u8>(address) - 0x30;
  const ones = <u32>load<u8>(address, 1) - 0x30;
  return tens < 10 && ones < 10 ? tens * 10 + ones : 100;
}

/** Nanoseconds of the fraction that `readFraction` has read. */
export let fractionNanos: u32 = 0;

/**
 * Reads the digits after a decimal point, from `start`, as many as there are, and returns where they end. The first
 * nine count, the others are cut off.
 */
export function readFraction(start: usize, end: usize): usize {
  const values = loadValues(start);
  const other = nonDigits(values);
  const length = min<usize>(other == 0 ? 8 : <usize>(ctz(other) >> 3), end - start);
  // What is not the fraction's becomes zeros after it; all ones shifted by 64 would be all ones.
  const kept = length == 8 ? values : values & ((<u64>1 << (8 * length)) - 1);
  let nanos = <u32>eightDigits(kept) * 10;
  let cursor = start + length;
  if (length == 8 && cursor < end && isDigit(load<u8>(cursor))) {
    nanos += load<u8>(cursor++) - 0x30;
    while (cursor < end && isDigit(load<u8>(cursor))) cursor++;
  }
  fractionNanos = nanos;
  return cursor;
}
