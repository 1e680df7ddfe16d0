import { NO_TICKS, areTicksInRange, instantSeconds, instantTicks } from "./instant";
import {
  DECLINED,
  KIND_NULL,
  KIND_NUMBER,
  KIND_STRING,
  NODE_SCALE,
  NODE_TIME_FORMAT,
  NODE_TYPE,
  NODE_ZONE,
  OK,
  REJECT_FIELD_FORMAT,
  REJECT_FIELD_RANGE,
  REJECT_FIELD_TYPE,
  TIME_AUTO,
  TYPE_DATE,
  TYPE_DATE32,
  TYPE_DATE_TIME,
} from "./layout";
import { powerOfTen } from "./powers-of-ten";
import { NO_UNIT, readTime, unitScaleOf } from "./read-time";
import { decimalIsNegative, decimalWhole, readDecimal } from "./read-time-decimal";
import { NO_DIGITS, isFloat, readDigits } from "./read-time-digits";
import { readEpochNumber } from "./read-time-epoch";

/** Internal: the value was a count of the column's own ticks, which `countedTicks` holds. */
const TICKS: u32 = 254;

let countedTicks: i64 = 0;

/** DateTime: seconds since 1970 in 32 bits, unsigned. Takes and returns what every writer of values does. */
export function writeDateTime(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  const outcome = readInstant(node, kind, start, end);
  if (outcome != OK && outcome != TICKS) return outcome;
  const seconds = outcome == OK ? instantSeconds : countedTicks;
  if (<u64>seconds > 0xffffffff) return REJECT_FIELD_RANGE;
  store<u32>(at, <u32>seconds);
  return OK;
}

/** DateTime64: ticks of 10^-scale seconds since 1970 in 64 bits. Takes and returns what every writer of values does. */
export function writeDateTime64(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  const scale = <u32>load<u8>(node, NODE_SCALE);
  if (kind == KIND_NUMBER && writeWholeTicks(node, scale, start, end, at)) return OK;
  const outcome = readInstant(node, kind, start, end);
  let ticks: i64;
  if (outcome == OK) {
    ticks = instantTicks(scale);
    if (ticks == NO_TICKS) return REJECT_FIELD_RANGE;
  } else if (outcome == TICKS) {
    ticks = countedTicks;
    if (!areTicksInRange(ticks, scale)) return REJECT_FIELD_RANGE;
  } else {
    return outcome;
  }
  store<i64>(at, ticks);
  return OK;
}

/** Whole counts of a unit that is a tick or more of them, in range: one multiplication. False: the long way decides. */
@inline
function writeWholeTicks(node: usize, scale: u32, start: usize, end: usize, at: usize): bool {
  const unitScale = unitScaleOf(<u32>load<u8>(node, NODE_TIME_FORMAT));
  const length = end - start;
  if (unitScale > scale || length - 1 >= 16) return false;
  const count = readDigits(start, <u32>length);
  // What lies before 2262 stays within 64 bits at every scale, and NO_DIGITS is above it.
  if (count > <u64>9_223_372_036 * powerOfTen(unitScale)) return false;
  store<u64>(at, count * powerOfTen(scale - unitScale));
  return true;
}

/**
 * Text is read by the column's time format. A number is a count of the format's unit; with `auto` a count of the
 * column's own ticks, as in JSONEachRow. Returns OK with the instant set, TICKS, or how the record ends.
 */
@inline
function readInstant(node: usize, kind: u32, start: usize, end: usize): u32 {
  const format = <u32>load<u8>(node, NODE_TIME_FORMAT);
  if (kind == KIND_STRING) return readTime(format, start, end, <usize>load<u32>(node, NODE_ZONE));
  if (kind != KIND_NUMBER) return kind == KIND_NULL ? DECLINED : REJECT_FIELD_TYPE;
  const unitScale = unitScaleOf(format);
  if (unitScale != NO_UNIT) return readEpochNumber(start, end, unitScale);
  return format == TIME_AUTO ? readTicks(start, end) : REJECT_FIELD_TYPE;
}

/** A whole number of 64 bits into `countedTicks`. A float is none, also where its fraction is zero. */
function readTicks(start: usize, end: usize): u32 {
  const length = end - start;
  let ticks = length - 1 < 19 ? readDigits(start, <u32>length) : NO_DIGITS;
  let isNegative = false;
  if (ticks == NO_DIGITS) {
    if (isFloat(start, end)) return REJECT_FIELD_FORMAT;
    const outcome = readDecimal(start, end);
    if (outcome != OK) return outcome;
    ticks = decimalWhole;
    isNegative = decimalIsNegative;
  }
  if (ticks > <u64>i64.MAX_VALUE) return REJECT_FIELD_RANGE;
  countedTicks = isNegative ? -(<i64>ticks) : <i64>ticks;
  return TICKS;
}

const DAY_MS: i64 = 86_400_000;

/** 10^(scale − 3) as doubles, for each scale of DateTime64. */
const ticksPerMs = memory.data<f64>([0.001, 0.01, 0.1, 1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]);

/**
 * Reads a stored Date, Date32, DateTime or DateTime64 back: ms since 1970, rounded down. In doubles, so that beyond
 * 2^53 ticks (nanoseconds) it is off by less than a microsecond exactly where the reference is.
 */
export function timeMsAt(node: usize, at: usize): i64 {
  switch (<u32>load<u8>(node, NODE_TYPE)) {
    case TYPE_DATE:
      return <i64>load<u16>(at) * DAY_MS;
    case TYPE_DATE32:
      return <i64>load<i32>(at) * DAY_MS;
    case TYPE_DATE_TIME:
      return <i64>load<u32>(at) * 1_000;
    default: {
      const scale = <usize>load<u8>(node, NODE_SCALE);
      if (scale == 3) return load<i64>(at);
      return <i64>Math.floor(<f64>load<i64>(at) / load<f64>(ticksPerMs + (scale << 3)));
    }
  }
}
