import { DECLINED, OK } from "./layout";
import { OTHER_SHAPE, finishClock, finishLocal, offsetSeconds, readTimeOfDay, setClock, setOffset } from "./read-time-clock";
import { fractionNanos, isDigit, twoDigits } from "./read-time-digits";
import { readMonthName, readShortFraction } from "./read-time-fixed";

/**
 * Times whose month has a name, in the shapes that nearly all programs write. Every other shape is declined, also what is
 * no time at all: src/codec/reference/time/read-named-month.ts says what is read.
 */

const SPACE: u32 = 0x20;
const COMMA: u32 = 0x2c;
const POINT: u32 = 0x2e;

/** `Fri, 05 Apr 2024 10:11:12 +0200`, `5 Apr 2024 10:11:12 GMT`. */
export function readRfc2822(start: usize, end: usize): u32 {
  let at = start;
  if (load<u8>(at, 3) == COMMA) {
    if (!isDayName(at) || load<u8>(at, 4) != SPACE) return DECLINED;
    at += 5;
  }
  const day = readDay(at);
  const rest = dayEnd;
  const length = end - rest;
  // ` Apr 2024 10:11:12 ` and a zone of three or five bytes.
  if (length != 22 && length != 24) return DECLINED;
  if (load<u8>(rest) != SPACE || load<u8>(rest, 4) != SPACE) return DECLINED;
  if (load<u8>(rest, 9) != SPACE || load<u8>(rest, 18) != SPACE) return DECLINED;
  const outcome = readParts(rest + 5, rest + 1, day, rest + 10);
  if (outcome != OK) return outcome;
  if (length == 22) {
    const name = load<u32>(rest, 19) & 0xffffff;
    return name == 0x544d47 || name == 0x435455 ? finishClock(0, 0) : DECLINED;
  }
  if (setOffset(load<u8>(rest, 19), twoDigits(rest + 20), twoDigits(rest + 22)) != OK) return DECLINED;
  return finishClock(0, offsetSeconds);
}

/** `Fri Apr  5 10:11:12 2024`. */
export function readCtime(start: usize, end: usize, zone: usize): u32 {
  if (end - start != 24 || !isDayName(start)) return DECLINED;
  if (load<u8>(start, 3) != SPACE || load<u8>(start, 7) != SPACE) return DECLINED;
  if (load<u8>(start, 10) != SPACE || load<u8>(start, 19) != SPACE) return DECLINED;
  const day = readDay(start + 8 + usize(load<u8>(start, 8) == SPACE));
  if (dayEnd != start + 10) return DECLINED;
  const outcome = readParts(start + 20, start + 4, day, start + 11);
  return outcome == OK ? finishLocal(0, zone) : outcome;
}

/** `Apr 5, 2024 10:11:12.345`, `Apr  5 2024 10:11:12`, `05-Apr-2024 10:11:12`. */
export function readNamedMonth(start: usize, end: usize, zone: usize): u32 {
  const isDayFirst = isDigit(load<u8>(start));
  const separator = isDayFirst ? <u32>load<u8>(start, 2) : SPACE;
  let month = start;
  let day: u32 = 0;
  let year: usize = 0;
  if (isDayFirst) {
    day = readDay(start);
    month = start + 3;
    year = start + 7;
    const isSeparated = separator == SPACE || separator == 0x2d || separator == 0x2f;
    if (dayEnd != start + 2 || !isSeparated || load<u8>(start, 6) != separator) return DECLINED;
  } else {
    if (load<u8>(start, 3) != SPACE) return DECLINED;
    day = readDay(start + 4 + usize(load<u8>(start, 4) == SPACE));
    year = dayEnd + usize(load<u8>(dayEnd) == COMMA);
    if (load<u8>(year++) != SPACE) return DECLINED;
  }
  const clock = year + 5;
  // Before anything is judged it has to be there.
  if (clock + 8 > end || load<u8>(year, 4) != SPACE) return DECLINED;
  let nanos: u32 = 0;
  if (clock + 8 != end) {
    if (load<u8>(clock, 8) != POINT || readShortFraction(clock + 9, end) != end) return DECLINED;
    nanos = fractionNanos;
  }
  const outcome = readParts(year, month, day, clock);
  return outcome == OK ? finishLocal(nanos, zone) : outcome;
}

let dayEnd: usize = 0;

/** One or two digits, as many as there are; 100 and more when there is none. */
function readDay(at: usize): u32 {
  const isLong = isDigit(load<u8>(at, 1));
  dayEnd = at + 1 + usize(isLong);
  return isLong ? twoDigits(at) : isDigit(load<u8>(at)) ? <u32>load<u8>(at) - 0x30 : 100;
}

/** Reads `YYYY`, `Mon` and `hh:mm:ss` where they stand. */
function readParts(year: usize, month: usize, day: u32, clock: usize): u32 {
  const century = twoDigits(year);
  const yearOfCentury = twoDigits(year + 2);
  const monthNumber = readMonthName(month);
  if (century > 99 || yearOfCentury > 99 || monthNumber == 0 || day > 99) return DECLINED;
  const date = setClock(century * 100 + yearOfCentury, monthNumber, day, 0, 0, 0);
  if (date != OK) return date;
  const time = readTimeOfDay(clock);
  return time == OTHER_SHAPE ? DECLINED : time;
}

/** The first three letters of the days, small, each in the low bytes of a word. */
const dayNames = memory.data<u32>([0x6e6f6d, 0x657574, 0x646577, 0x756874, 0x697266, 0x746173, 0x6e7573]);

function isDayName(at: usize): bool {
  const letters = load<u32>(at) & 0xffffff;
  // Bit 6 tells letters from digits and signs.
  if ((letters & 0x404040) != 0x404040) return false;
  for (let day: usize = 0; day < 7; day++) if (load<u32>(dayNames + (day << 2)) == (letters | 0x202020)) return true;
  return false;
}
