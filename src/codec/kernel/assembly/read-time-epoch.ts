import { setInstant } from "./instant";
import { DECLINED, OK, REJECT_FIELD_FORMAT } from "./layout";
import {
  FRACTION_ONE,
  decimalFraction,
  decimalHasMore,
  decimalIsNegative,
  decimalWhole,
  readDecimal,
} from "./read-time-decimal";
import { NO_DIGITS, readDigits } from "./read-time-digits";

/** Counts of units of 10^-`unitScale` seconds since 1970; the scale is 0, 3, 6 or 9. All arithmetic is exact. */

/** Beyond every range, and far from where sums of seconds could wrap around. */
const SECONDS_MAX: u64 = 1_000_000_000_000_000;

/** A count in text, perhaps with white space around it. */
export function readEpochText(start: usize, end: usize, unitScale: u32): u32 {
  const length = end - start;
  if (length - 1 < 19) {
    const count = readDigits(start, <u32>length);
    if (count != NO_DIGITS) return setWhole(count, unitScale);
  }
  return readOddEpochText(start, end, unitScale);
}

function readOddEpochText(start: usize, end: usize, unitScale: u32): u32 {
  let from = start;
  let to = end;
  while (from < to && isSpace(load<u8>(from))) from++;
  while (to > from && isSpace(load<u8>(to - 1))) to--;
  // Other white space is cut off as well, by rules of Unicode that are not worth having here.
  if (from < to && (load<u8>(from) | load<u8>(to - 1)) > 0x7f) return DECLINED;
  const outcome = readDecimal(from, to);
  if (outcome == OK) setDecimal(unitScale);
  return outcome;
}

/** Tab, line feed, vertical tab, form feed, carriage return, space. */
@inline
function isSpace(byte: u32): bool {
  return byte == 0x20 || byte - 9 < 5;
}

/** A count of 1 … 19 digits and nothing else. */
export function readEpochDigits(start: usize, end: usize, unitScale: u32): u32 {
  const count = readDigits(start, <u32>(end - start));
  return count == NO_DIGITS ? REJECT_FIELD_FORMAT : setWhole(count, unitScale);
}

/**
 * The quotient, rounded down. A division of doubles takes a fifth of one of 64-bit integers, and is exact here: the
 * quotient of a count below 2^50 misses a whole number by more than doubles of that size are apart.
 */
@inline
function divide(count: u64, divisor: u64): u64 {
  return count < <u64>1 << 50 ? <u64>(<f64>count / <f64>divisor) : count / divisor;
}

@inline
function setWhole(count: u64, unitScale: u32): u32 {
  switch (unitScale) {
    case 0:
      setInstant(<i64>min(count, SECONDS_MAX), 0);
      break;
    case 3:
      setUnits(count, 1_000, 1_000_000);
      break;
    case 6:
      setUnits(count, 1_000_000, 1_000);
      break;
    default:
      setUnits(count, 1_000_000_000, 1);
  }
  return OK;
}

@inline
function setUnits(count: u64, unitsPerSecond: u64, nanosPerUnit: u64): void {
  const seconds = divide(count, unitsPerSecond);
  setInstant(<i64>min(seconds, SECONDS_MAX), <u32>((count - seconds * unitsPerSecond) * nanosPerUnit));
}

/** The decimal that `readDecimal` has left, as an instant, rounded down to nanoseconds. */
function setDecimal(unitScale: u32): void {
  const unitsPerSecond: u64 = unitScale == 0 ? 1 : unitScale == 3 ? 1_000 : unitScale == 6 ? 1_000_000 : 1_000_000_000;
  const nanosPerUnit: u64 = 1_000_000_000 / unitsPerSecond;
  const fractionPerNano = FRACTION_ONE / nanosPerUnit;
  let seconds = <i64>min(decimalWhole / unitsPerSecond, SECONDS_MAX);
  let nanos = (decimalWhole % unitsPerSecond) * nanosPerUnit + decimalFraction / fractionPerNano;
  if (decimalIsNegative) {
    // Rounded down is away from zero here: what the nanoseconds cut off counts as one more.
    if (decimalHasMore || decimalFraction % fractionPerNano != 0) nanos++;
    seconds = -seconds;
    if (nanos > 0) {
      seconds--;
      nanos = 1_000_000_000 - nanos;
    }
  }
  setInstant(seconds, <u32>nanos);
}

/** A count in a number of a document: OK or DECLINED. */
export function readEpochNumber(start: usize, end: usize, unitScale: u32): u32 {
  const length = end - start;
  if (length - 1 < 19) {
    const count = readDigits(start, <u32>length);
    if (count != NO_DIGITS) return setWhole(count, unitScale);
  }
  const outcome = readDecimal(start, end);
  if (outcome != OK) return outcome;
  setDecimal(unitScale);
  return OK;
}
