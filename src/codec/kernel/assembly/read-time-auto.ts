import { OK, REJECT_FIELD_FORMAT } from "./layout";
import {
  CLOCK_BYTES,
  OTHER_SHAPE,
  finishClock,
  finishLocal,
  offsetSeconds,
  readClock,
  setClock,
  setOffset,
} from "./read-time-clock";
import { readCompact } from "./read-time-compact";
import { fractionNanos, isDigit, readDigits, readFraction, twoDigits } from "./read-time-digits";

const SPACE: u32 = 0x20;
const POINT: u32 = 0x2e;
const COLON: u32 = 0x3a;
const LETTER_T: u32 = 0x54;
const LETTER_Z: u32 = 0x5a;

/**
 * The format `auto`: ISO 8601 and ClickHouse's own form, with or without an offset, with one or two digits a part, or
 * what `readCompact` reads. Nearly all text has each part in its place, which is tried first.
 */
export function readAuto(start: usize, end: usize, zone: usize): u32 {
  if (end - start >= CLOCK_BYTES) {
    const between = <u32>load<u8>(start, 10);
    if (between == LETTER_T || between == SPACE) {
      const clock = readClock(start);
      if (clock == OK) return readEnding(start + CLOCK_BYTES, end, zone);
      if (clock == REJECT_FIELD_FORMAT) return REJECT_FIELD_FORMAT;
    }
  }
  const loose = readLoose(start, end, zone);
  return loose == OTHER_SHAPE ? readCompact(start, end, zone) : loose;
}

/** What may follow the seconds: a fraction, then `readZone`. */
@inline
function readEnding(start: usize, end: usize, zone: usize): u32 {
  let cursor = start;
  let nanos: u32 = 0;
  if (cursor < end && load<u8>(cursor) == POINT) {
    cursor = readFraction(cursor + 1, end);
    nanos = fractionNanos;
  }
  if (cursor == end) return finishLocal(nanos, zone);
  if (load<u8>(cursor) == LETTER_Z && end - cursor == 1) return finishClock(nanos, 0);
  return readZone(cursor, end, zone, nanos);
}

/** The end of a reading: spaces, `Z`, `UTC`, `GMT` or an offset as `+hh`, `+hhmm` or `+hh:mm`, spaces. */
function readZone(start: usize, end: usize, zone: usize, nanos: u32): u32 {
  let cursor = skipSpaces(start, end);
  let last = end;
  while (last > cursor && load<u8>(last - 1) == SPACE) last--;
  const length = last - cursor;
  if (length == 0) return finishLocal(nanos, zone);
  if (length == 1) return load<u8>(cursor) == LETTER_Z ? finishClock(nanos, 0) : REJECT_FIELD_FORMAT;
  const sign = <u32>load<u8>(cursor);
  if (length == 3 && sign > 0x40) {
    const name = load<u32>(cursor) & 0xffffff;
    return name == 0x435455 || name == 0x544d47 ? finishClock(nanos, 0) : REJECT_FIELD_FORMAT;
  }
  let minutes: u32 = 0;
  if (length == 5) minutes = twoDigits(cursor + 3);
  else if (length == 6 && load<u8>(cursor, 3) == COLON) minutes = twoDigits(cursor + 4);
  else if (length != 3) return REJECT_FIELD_FORMAT;
  const outcome = setOffset(sign, twoDigits(cursor + 1), minutes);
  return outcome == OK ? finishClock(nanos, offsetSeconds) : outcome;
}

function skipSpaces(start: usize, end: usize): usize {
  let cursor = start;
  while (cursor < end && load<u8>(cursor) == SPACE) cursor++;
  return cursor;
}

/** The part that `readPart` has read, and where it ended. */
let part: u32 = 0;
let cursorAfter: usize = 0;

/** Reads one or two digits, as many as there are. False when there is none. */
function readPart(cursor: usize, end: usize): bool {
  if (cursor >= end || !isDigit(load<u8>(cursor))) return false;
  part = load<u8>(cursor) - 0x30;
  cursorAfter = cursor + 1;
  if (cursorAfter < end && isDigit(load<u8>(cursorAfter))) part = part * 10 + (load<u8>(cursorAfter++) - 0x30);
  return true;
}

/** The same after a certain byte. Leaves `cursorAfter` alone when there is none. */
function readPartBehind(byte: u32, cursor: usize, end: usize): bool {
  return cursor < end && load<u8>(cursor) == byte && readPart(cursor + 1, end);
}

/** A date with dashes or slashes, then perhaps the hour, the minute, the second, and what `readEnding` reads. */
function readLoose(start: usize, end: usize, zone: usize): u32 {
  let cursor = skipSpaces(start, end);
  if (end - cursor < 8) return OTHER_SHAPE;
  const year = <u32>readDigits(cursor, 4);
  const separator = <u32>load<u8>(cursor, 4);
  if (year > 9_999 || (separator != 0x2d && separator != 0x2f)) return OTHER_SHAPE;
  if (!readPart(cursor + 5, end)) return REJECT_FIELD_FORMAT;
  const month = part;
  if (!readPartBehind(separator, cursorAfter, end)) return REJECT_FIELD_FORMAT;
  const day = part;
  let hour: u32 = 0;
  let minute: u32 = 0;
  let second: u32 = 0;
  cursor = cursorAfter;
  if (cursor < end && (load<u8>(cursor) == LETTER_T || load<u8>(cursor) == SPACE)) {
    if (readPart(skipSpaces(cursor + 1, end), end)) {
      hour = part;
      cursor = cursorAfter;
      if (readPartBehind(COLON, cursor, end)) {
        minute = part;
        cursor = cursorAfter;
        if (readPartBehind(COLON, cursor, end)) {
          second = part;
          if (setClock(year, month, day, hour, minute, second) != OK) return REJECT_FIELD_FORMAT;
          return readEnding(cursorAfter, end, zone);
        }
      }
    }
  }
  if (setClock(year, month, day, hour, minute, second) != OK) return REJECT_FIELD_FORMAT;
  // What could not be read above (a `T`, a colon) is no zone either.
  return readZone(cursor, end, zone, 0);
}
