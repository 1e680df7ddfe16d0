import { OK, REJECT_FIELD_FORMAT } from "./layout";
import { finishClock, finishLocal, setClock } from "./read-time-clock";
import { NO_DIGITS, fractionNanos, readDigits, readFraction } from "./read-time-digits";
import { readEpochDigits, readEpochText } from "./read-time-epoch";

const POINT: u32 = 0x2e;
const LETTER_T: u32 = 0x54;
const LETTER_Z: u32 = 0x5a;

/**
 * `YYYYMMDD`, `YYYYMMDDhhmmss` and `YYYYMMDDThhmmss`, the last two perhaps with a fraction, all perhaps with a `Z`; else
 * a count since 1970, its unit told by the number of its digits. Readings go before counts: 14 digits are a reading.
 */
export function readCompact(start: usize, end: usize, zone: usize): u32 {
  const length = end - start;
  const date = length >= 8 ? readDigits(start, 8) : NO_DIGITS;
  if (date == NO_DIGITS) return REJECT_FIELD_FORMAT;
  let cursor = start + 8;
  let time: u64 = 0;
  if (length > 9) {
    const from = cursor + usize(load<u8>(cursor) == LETTER_T);
    time = end - from >= 6 ? readDigits(from, 6) : NO_DIGITS;
    if (time == NO_DIGITS) return readCount(start, end);
    cursor = from + 6;
  }
  let nanos: u32 = 0;
  if (length > 9 && cursor < end && load<u8>(cursor) == POINT) {
    cursor = readFraction(cursor + 1, end);
    nanos = fractionNanos;
  }
  const isZulu = cursor < end && load<u8>(cursor) == LETTER_Z;
  if (cursor + usize(isZulu) != end) return readCount(start, end);
  const day = <u32>date;
  const second = <u32>time;
  const hour = second / 10_000;
  const minute = (second / 100) % 100;
  const clock = setClock(day / 10_000, (day / 100) % 100, day % 100, hour, minute, second % 100);
  if (clock != OK) return REJECT_FIELD_FORMAT;
  return isZulu ? finishClock(nanos, 0) : finishLocal(nanos, zone);
}

/** Nine or ten digits are seconds, ten also with a fraction; 13, 16 and 19 digits are finer units. */
function readCount(start: usize, end: usize): u32 {
  const length = end - start;
  if (length > 10 && load<u8>(start, 10) == POINT) {
    return readFraction(start + 11, end) == end ? readEpochText(start, end, 0) : REJECT_FIELD_FORMAT;
  }
  if (length == 9 || length == 10) return readEpochDigits(start, end, 0);
  if (length == 13) return readEpochDigits(start, end, 3);
  if (length == 16) return readEpochDigits(start, end, 6);
  return length == 19 ? readEpochDigits(start, end, 9) : REJECT_FIELD_FORMAT;
}
