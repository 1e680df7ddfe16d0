import { DECLINED, OK, REJECT_FIELD_FORMAT } from "./layout";
import { powerOfTen } from "./powers-of-ten";
import { isDigit } from "./read-time-digits";

/**
 * Decimal numbers, exactly: `readDecimal` leaves a sign, a whole part of up to 19 digits and a fraction in units of
 * 10^-18. What does not fit is declined, except further digits of a fraction, of which only their presence counts.
 */
export let decimalIsNegative: bool = false;
export let decimalWhole: u64 = 0;
/** 0 … FRACTION_ONE − 1. */
export let decimalFraction: u64 = 0;
/** There are digits other than zero after those of `decimalFraction`. */
export let decimalHasMore: bool = false;

export const FRACTION_ONE: u64 = 1_000_000_000_000_000_000;
const FRACTION_DIGITS: u32 = 18;
const WHOLE_DIGITS: u32 = 19;

/** Where the digits of the whole part or of the fraction ended. */
let cursorAfter: usize = 0;

/**
 * Reads `[+-]digits[.digits][e[+-]digits]`, where either side of the point may be empty but not both. Returns OK,
 * REJECT_FIELD_FORMAT when the text is no such number, or DECLINED.
 */
export function readDecimal(start: usize, end: usize): u32 {
  let cursor = start;
  decimalIsNegative = cursor < end && load<u8>(cursor) == 0x2d;
  if (cursor < end && (load<u8>(cursor) == 0x2d || load<u8>(cursor) == 0x2b)) cursor++;
  const wholeDigits = readWhole(cursor, end);
  const hasWhole = cursorAfter > cursor;
  cursor = cursorAfter;
  let fractionDigits: u32 = 0;
  let hasFraction = false;
  decimalFraction = 0;
  decimalHasMore = false;
  if (cursor < end && load<u8>(cursor) == 0x2e) {
    fractionDigits = readFractionDigits(cursor + 1, end);
    hasFraction = cursorAfter > cursor + 1;
    cursor = cursorAfter;
  }
  if (!hasWhole && !hasFraction) return REJECT_FIELD_FORMAT;
  if (cursor < end && (load<u8>(cursor) | 0x20) == 0x65) {
    const outcome = readExponent(cursor + 1, end, fractionDigits, wholeDigits);
    if (outcome != OK) return outcome;
  } else {
    if (cursor != end) return REJECT_FIELD_FORMAT;
    if (wholeDigits > WHOLE_DIGITS) return DECLINED;
    decimalFraction *= powerOfTen(FRACTION_DIGITS - fractionDigits);
  }
  if (decimalWhole == 0 && decimalFraction == 0 && !decimalHasMore) decimalIsNegative = false;
  return OK;
}

/** Returns the number of digits after leading zeros; when they are more than 19, `decimalWhole` means nothing. */
function readWhole(start: usize, end: usize): u32 {
  let cursor = start;
  while (cursor < end && load<u8>(cursor) == 0x30) cursor++;
  const first = cursor;
  let whole: u64 = 0;
  while (cursor < end && isDigit(load<u8>(cursor))) whole = whole * 10 + <u64>(load<u8>(cursor++) - 0x30);
  decimalWhole = whole;
  cursorAfter = cursor;
  return <u32>(cursor - first);
}

/** Returns the number of digits that are in `decimalFraction`. */
function readFractionDigits(start: usize, end: usize): u32 {
  let cursor = start;
  const last = end - start > FRACTION_DIGITS ? start + FRACTION_DIGITS : end;
  let fraction: u64 = 0;
  while (cursor < last && isDigit(load<u8>(cursor))) fraction = fraction * 10 + <u64>(load<u8>(cursor++) - 0x30);
  const digits = <u32>(cursor - start);
  while (cursor < end && isDigit(load<u8>(cursor))) {
    if (load<u8>(cursor++) != 0x30) decimalHasMore = true;
  }
  decimalFraction = fraction;
  cursorAfter = cursor;
  return digits;
}

/** Reads the exponent and moves the point accordingly, when all digits together are no more than 18. */
function readExponent(start: usize, end: usize, fractionDigits: u32, wholeDigits: u32): u32 {
  let cursor = start;
  const isNegative = cursor < end && load<u8>(cursor) == 0x2d;
  if (cursor < end && (load<u8>(cursor) == 0x2d || load<u8>(cursor) == 0x2b)) cursor++;
  if (cursor == end) return REJECT_FIELD_FORMAT;
  let exponent = 0;
  for (; cursor < end; cursor++) {
    if (!isDigit(load<u8>(cursor))) return REJECT_FIELD_FORMAT;
    exponent = min(exponent * 10 + <i32>(load<u8>(cursor) - 0x30), 1_000);
  }
  if (decimalHasMore || wholeDigits + fractionDigits > FRACTION_DIGITS) return DECLINED;
  const digits = decimalWhole * powerOfTen(fractionDigits) + decimalFraction;
  if (digits == 0) return OK;
  const shift = (isNegative ? -exponent : exponent) - <i32>fractionDigits;
  if (shift >= 0) {
    if (shift > <i32>WHOLE_DIGITS || digits >= powerOfTen(WHOLE_DIGITS - shift)) return DECLINED;
    decimalWhole = digits * powerOfTen(shift);
    decimalFraction = 0;
  } else {
    if (shift < -<i32>FRACTION_DIGITS) return DECLINED;
    const one = powerOfTen(-shift);
    decimalWhole = digits / one;
    decimalFraction = (digits % one) * powerOfTen(FRACTION_DIGITS + shift);
  }
  return OK;
}
