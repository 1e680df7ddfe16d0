import { NO_DAY, daysSinceEpoch } from "./calendar";
import { instantSeconds } from "./instant";
import {
  DECLINED,
  KIND_NULL,
  KIND_NUMBER,
  KIND_STRING,
  NODE_TIME_FORMAT,
  OK,
  REJECT_FIELD_FORMAT,
  REJECT_FIELD_RANGE,
  REJECT_FIELD_TYPE,
  TIME_AUTO,
} from "./layout";
import { NO_UNIT, readTime, unitScaleOf } from "./read-time";
import { DATE_BYTES, OTHER_SHAPE, clockDays, readDate } from "./read-time-clock";
import { decimalIsNegative, decimalWhole, readDecimal } from "./read-time-decimal";
import { NO_DIGITS, isDigit, isFloat, readDigits } from "./read-time-digits";
import { readEpochNumber } from "./read-time-epoch";

/** Documented ranges in days since 1970: Date 1970-01-01 … 2149-06-06, Date32 1900-01-01 … 2299-12-31. */
const DATE_MOST: i64 = 65_535;
const DATE32_LEAST: i64 = -25_567;
const DATE32_MOST: i64 = 120_529;
/** Beyond every range. */
const DAYS_BEYOND: u64 = 1_000_000_000;

/** Days since 1970, as `readDays` leaves them. */
let days: i64 = 0;

/** Date: 16 bits, unsigned. Takes and returns what every writer of values does. */
export function writeDate(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  const outcome = readDays(node, kind, start, end);
  if (outcome != OK) return outcome;
  if (<u64>days > <u64>DATE_MOST) return REJECT_FIELD_RANGE;
  store<u16>(at, <u16>days);
  return OK;
}

/** Date32: 32 bits, signed. Takes and returns what every writer of values does. */
export function writeDate32(node: usize, kind: u32, start: usize, end: usize, at: usize): u32 {
  const outcome = readDays(node, kind, start, end);
  if (outcome != OK) return outcome;
  if (days < DATE32_LEAST || days > DATE32_MOST) return REJECT_FIELD_RANGE;
  store<i32>(at, <i32>days);
  return OK;
}

/**
 * With the format `auto`: a date alone, or a number of days. With any other format the time is read, its readings
 * without an offset in UTC whatever the node says, and its day in UTC is taken.
 */
function readDays(node: usize, kind: u32, start: usize, end: usize): u32 {
  const format = <u32>load<u8>(node, NODE_TIME_FORMAT);
  if (kind == KIND_STRING) {
    if (format == TIME_AUTO) return readDateText(start, end);
    return takeDay(readTime(format, start, end, 0));
  }
  if (kind != KIND_NUMBER) return kind == KIND_NULL ? DECLINED : REJECT_FIELD_TYPE;
  const unitScale = unitScaleOf(format);
  if (unitScale != NO_UNIT) return takeDay(readEpochNumber(start, end, unitScale));
  return format == TIME_AUTO ? readDayNumber(start, end) : REJECT_FIELD_TYPE;
}

@inline
function takeDay(outcome: u32): u32 {
  const seconds = instantSeconds;
  // Division cuts towards zero, a day begins before its seconds.
  if (outcome == OK) days = seconds / 86_400 - i64(seconds % 86_400 < 0);
  return outcome;
}

/** `YYYY-MM-DD` with one or two digits for month and day and any separators, or `YYYYMMDD`. */
function readDateText(start: usize, end: usize): u32 {
  const length = end - start;
  if (length == DATE_BYTES) {
    const date = readDate(start);
    if (date == OK) days = clockDays;
    if (date != OTHER_SHAPE) return date;
  }
  for (let cursor = start; cursor < end; cursor++) {
    // A separator of several bytes may be one character or two, in the reference's way of counting.
    if (load<u8>(cursor) > 0x7f) return DECLINED;
    if (cursor - start == DATE_BYTES) return REJECT_FIELD_FORMAT;
  }
  if (length < 8 || length > DATE_BYTES) return REJECT_FIELD_FORMAT;
  const compact = length == 8 ? readDigits(start, 8) : NO_DIGITS;
  if (compact != NO_DIGITS) {
    const digits = <u32>compact;
    return setDay(digits / 10_000, (digits / 100) % 100, digits % 100);
  }
  const year = readDigits(start, 4);
  if (year == NO_DIGITS || isDigit(load<u8>(start, 4))) return REJECT_FIELD_FORMAT;
  const monthDigits: u32 = isDigit(load<u8>(start, 6)) ? 2 : 1;
  const dayStart = start + 6 + monthDigits;
  if (dayStart >= end || isDigit(load<u8>(dayStart - 1)) || end - dayStart > 2) return REJECT_FIELD_FORMAT;
  const month = readDigits(start + 5, monthDigits);
  const day = readDigits(dayStart, <u32>(end - dayStart));
  if (month == NO_DIGITS || day == NO_DIGITS) return REJECT_FIELD_FORMAT;
  return setDay(<u32>year, <u32>month, <u32>day);
}

function setDay(year: u32, month: u32, day: u32): u32 {
  const found = daysSinceEpoch(year, month, day);
  days = found;
  return found == NO_DAY ? REJECT_FIELD_FORMAT : OK;
}

function readDayNumber(start: usize, end: usize): u32 {
  if (isFloat(start, end)) return REJECT_FIELD_FORMAT;
  const outcome = readDecimal(start, end);
  if (outcome != OK) return outcome;
  const count = <i64>min(decimalWhole, DAYS_BEYOND);
  days = decimalIsNegative ? -count : count;
  return OK;
}
