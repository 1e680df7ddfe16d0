import { OK, REJECT_FIELD_FORMAT } from "./layout";
import {
  CLOCK_BYTES,
  DATE_BYTES,
  checkTimeOfDay,
  finishClock,
  finishLocal,
  offsetSeconds,
  readClock,
  readDate,
  readTimeOfDay,
  setClock,
  setOffset,
} from "./read-time-clock";
import { fractionNanos, readFraction, twoDigits } from "./read-time-digits";

/** The three formats of text in which every part has its place. Each leaves an instant and returns OK, or rejects. */

const POINT: u32 = 0x2e;

/** RFC 3339, section 5.6: an offset is required, `T` may be a space or small, the fraction has up to nine digits. */
export function readRfc3339(start: usize, end: usize): u32 {
  if (end - start <= CLOCK_BYTES) return REJECT_FIELD_FORMAT;
  const between = <u32>load<u8>(start, 10);
  if ((between | 0x20) != 0x74 && between != 0x20) return REJECT_FIELD_FORMAT;
  if (readClock(start) != OK) return REJECT_FIELD_FORMAT;
  let cursor = start + CLOCK_BYTES;
  let nanos: u32 = 0;
  if (load<u8>(cursor) == POINT) {
    cursor = readShortFraction(cursor + 1, end);
    if (cursor == 0) return REJECT_FIELD_FORMAT;
    nanos = fractionNanos;
  }
  const length = end - cursor;
  if (length == 1) return (load<u8>(cursor) | 0x20) == 0x7a ? finishClock(nanos, 0) : REJECT_FIELD_FORMAT;
  if (length != 6 || load<u8>(cursor, 3) != 0x3a) return REJECT_FIELD_FORMAT;
  if (setOffset(load<u8>(cursor), twoDigits(cursor + 1), twoDigits(cursor + 4)) != OK) return REJECT_FIELD_FORMAT;
  return finishClock(nanos, offsetSeconds);
}

/** One to nine digits; returns where they end, 0 when there are none or more. */
@inline
export function readShortFraction(start: usize, end: usize): usize {
  const cursor = readFraction(start, end);
  return cursor - start - 1 < 9 ? cursor : 0;
}

/** `YYYY-MM-DD hh:mm:ss[.f…]`, as ClickHouse prints it, in the column's time zone; or the date alone. */
export function readClickHouse(start: usize, end: usize, zone: usize): u32 {
  const length = end - start;
  let nanos: u32 = 0;
  if (length == DATE_BYTES) {
    if (readDate(start) != OK) return REJECT_FIELD_FORMAT;
    checkTimeOfDay(0, 0, 0);
  } else {
    if (length < CLOCK_BYTES || load<u8>(start, 10) != 0x20 || readClock(start) != OK) return REJECT_FIELD_FORMAT;
    if (length > CLOCK_BYTES) {
      if (load<u8>(start, CLOCK_BYTES) != POINT) return REJECT_FIELD_FORMAT;
      if (readShortFraction(start + CLOCK_BYTES + 1, end) != end) return REJECT_FIELD_FORMAT;
      nanos = fractionNanos;
    }
  }
  return finishLocal(nanos, zone);
}

/** The first three letters of the months, small, each in the low bytes of a word. */
const monthNames = memory.data<u32>([
  0x6e616a, 0x626566, 0x72616d, 0x727061, 0x79616d, 0x6e756a, 0x6c756a, 0x677561, 0x706573, 0x74636f, 0x766f6e,
  0x636564,
]);

/** Bytes of `10/Oct/2000:13:55:36 -0700`. */
const COMMON_LOG_BYTES: usize = 26;

/** Common log format of web servers: `10/Oct/2000:13:55:36 -0700`, with or without either bracket. */
export function readCommonLog(start: usize, end: usize): u32 {
  const from = start + usize(end - start > COMMON_LOG_BYTES && load<u8>(start) == 0x5b);
  const length = end - from;
  if (length != COMMON_LOG_BYTES && (length != COMMON_LOG_BYTES + 1 || load<u8>(from, 26) != 0x5d)) {
    return REJECT_FIELD_FORMAT;
  }
  const century = twoDigits(from + 7);
  const yearOfCentury = twoDigits(from + 9);
  if (load<u8>(from, 2) != 0x2f || load<u8>(from, 6) != 0x2f || load<u8>(from, 11) != 0x3a) return REJECT_FIELD_FORMAT;
  if (load<u8>(from, 20) != 0x20 || century > 99 || yearOfCentury > 99) return REJECT_FIELD_FORMAT;
  // A day that is no number is above 99, which no month has.
  const date = setClock(century * 100 + yearOfCentury, readMonthName(from + 3), twoDigits(from), 0, 0, 0);
  if (date != OK || readTimeOfDay(from + 12) != OK) return REJECT_FIELD_FORMAT;
  if (setOffset(load<u8>(from, 21), twoDigits(from + 22), twoDigits(from + 24)) != OK) return REJECT_FIELD_FORMAT;
  return finishClock(0, offsetSeconds);
}

/** 1 … 12, or 0. */
export function readMonthName(start: usize): u32 {
  const letters = load<u32>(start) & 0xffffff;
  // Bit 6 tells letters from digits and signs: without it, setting bit 5 would make letters of other bytes.
  if ((letters & 0x404040) != 0x404040) return 0;
  for (let month: u32 = 1; month <= 12; month++) {
    if (load<u32>(monthNames + ((month - 1) << 2)) == (letters | 0x202020)) return month;
  }
  return 0;
}
