import { NO_DAY, daysSinceEpoch } from "./calendar";
import { setInstant } from "./instant";
import { OK, REJECT_FIELD_FORMAT } from "./layout";
import { nonDigits, twoDigits } from "./read-time-digits";
import { localToUtc } from "./zone";

/** A wall-clock reading, as the readers below leave it. Only valid after one of them has returned OK. */
export let clockDays: i32 = 0;
/** 0 … 86,400: a leap second (60) is the first second of the next minute, as in ClickHouse. */
let clockSecondOfDay: u32 = 0;

/** Returned, besides OK and REJECT_FIELD_FORMAT, for text of another shape. Not an outcome of a record. */
export const OTHER_SHAPE: u32 = 255;

/** Bytes of `YYYY-MM-DD` and of `YYYY-MM-DD?hh:mm:ss`. */
export const DATE_BYTES: usize = 10;
export const CLOCK_BYTES: usize = 19;

/** The last date read, first 1970-01-01: its ten characters and its day. Neighbouring records mostly share them. */
let cachedYearMonth: u64 = 0x2d31302d30373931;
let cachedDay: u32 = 0x3130;
let cachedDays: i32 = 0;

const DASHES: u64 = 0x2d00002d00000000;
const DASHES_MASK: u64 = 0xff0000ff00000000;

/** Reads the ten bytes `YYYY-MM-DD` at `start`; the caller has checked that they are there. */
@inline
export function readDate(start: usize): u32 {
  const yearMonth = load<u64>(start);
  const day = <u32>load<u16>(start, 8);
  if (yearMonth == cachedYearMonth && day == cachedDay) {
    clockDays = cachedDays;
    return OK;
  }
  return readNewDate(start, yearMonth, day);
}

function readNewDate(start: usize, yearMonth: u64, day: u32): u32 {
  const century = twoDigits(start);
  const yearOfCentury = twoDigits(start + 2);
  const month = twoDigits(start + 5);
  const dayOfMonth = twoDigits(start + 8);
  if ((yearMonth & DASHES_MASK) != DASHES || max(max(century, yearOfCentury), max(month, dayOfMonth)) >= 100) {
    return OTHER_SHAPE;
  }
  const days = daysSinceEpoch(century * 100 + yearOfCentury, month, dayOfMonth);
  if (days == NO_DAY) return REJECT_FIELD_FORMAT;
  cachedYearMonth = yearMonth;
  cachedDay = day;
  cachedDays = days;
  clockDays = days;
  return OK;
}

const COLONS: u64 = 0x00003a00003a0000;
const COLONS_MASK: u64 = 0x0000ff0000ff0000;

/** Reads the eight bytes `hh:mm:ss` at `start`; the caller has checked that they are there. */
@inline
export function readTimeOfDay(start: usize): u32 {
  const text = load<u64>(start);
  // The colons become zeros between the digits, so that all of it is checked and converted as one number, hh0mm0ss.
  const values = (text ^ 0x3030303030303030) & ~COLONS_MASK;
  if ((text & COLONS_MASK) != COLONS || nonDigits(values) != 0) return OTHER_SHAPE;
  const pairs = values * 10 + (values >> 8);
  // hh in byte 0, mm in byte 3, ss in byte 6: of each pair the sum lies in the byte of its tens.
  return checkTimeOfDay(<u32>(pairs & 0xff), <u32>((pairs >> 24) & 0xff), <u32>((pairs >> 48) & 0xff));
}

@inline
export function checkTimeOfDay(hour: u32, minute: u32, second: u32): u32 {
  if (hour > 23 || minute > 59 || second > 60) return REJECT_FIELD_FORMAT;
  clockSecondOfDay = hour * 3_600 + minute * 60 + second;
  return OK;
}

/** Reads `YYYY-MM-DD?hh:mm:ss` with any byte between the two; the caller has checked that the 19 bytes are there. */
@inline
export function readClock(start: usize): u32 {
  const time = readTimeOfDay(start + 11);
  if (time == OTHER_SHAPE) return OTHER_SHAPE;
  const date = readDate(start);
  // A text of another shape is not judged by its time, which may be something else there.
  return date != OK ? date : time;
}

/** For readers that find the parts of a reading one by one. */
export function setClock(year: u32, month: u32, day: u32, hour: u32, minute: u32, second: u32): u32 {
  clockDays = daysSinceEpoch(year, month, day);
  return clockDays == NO_DAY ? REJECT_FIELD_FORMAT : checkTimeOfDay(hour, minute, second);
}

/** The reading as an instant, the wall clock being ahead of UTC by `offsetSeconds`. */
@inline
export function finishClock(nanos: u32, offsetSeconds: i32): u32 {
  setInstant(<i64>clockDays * 86_400 + <i64>clockSecondOfDay - <i64>offsetSeconds, nanos);
  return OK;
}

/** The reading as an instant in the zone whose table `zone` is; 0 for UTC. */
@inline
export function finishLocal(nanos: u32, zone: usize): u32 {
  const localSeconds = <i64>clockDays * 86_400 + <i64>clockSecondOfDay;
  setInstant(zone == 0 ? localSeconds : localToUtc(zone, localSeconds), nanos);
  return OK;
}

/** Seconds by which the wall clock is ahead of UTC, as `setOffset` leaves them. */
export let offsetSeconds: i32 = 0;

/** Takes an offset's sign (its byte), hours and minutes. Anything above 99 means that there were no two digits. */
export function setOffset(sign: u32, hours: u32, minutes: u32): u32 {
  if ((sign != 0x2b && sign != 0x2d) || hours > 23 || minutes > 59) return REJECT_FIELD_FORMAT;
  const seconds = <i32>(hours * 3_600 + minutes * 60);
  offsetSeconds = sign == 0x2d ? -seconds : seconds;
  return OK;
}
