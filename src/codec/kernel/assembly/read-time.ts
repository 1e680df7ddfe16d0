import {
  REJECT_FIELD_FORMAT,
  TIME_AUTO,
  TIME_CLF,
  TIME_CLICKHOUSE,
  TIME_CTIME,
  TIME_EPOCH_MS,
  TIME_EPOCH_NS,
  TIME_EPOCH_S,
  TIME_EPOCH_US,
  TIME_MONTH_NAME,
  TIME_RFC2822,
  TIME_RFC3339,
} from "./layout";
import { readAuto } from "./read-time-auto";
import { readEpochText } from "./read-time-epoch";
import { readCtime, readNamedMonth, readRfc2822 } from "./read-time-names";
import { readClickHouse, readCommonLog, readRfc3339 } from "./read-time-fixed";

/** Returned by `unitScaleOf` for formats that are not counts. */
export const NO_UNIT: u32 = 255;

/** Decimal digits between a second and the unit of an epoch format, of which there are four in a row. */
@inline
export function unitScaleOf(format: u32): u32 {
  const unit = format - TIME_EPOCH_S;
  return unit < 4 ? unit * 3 : NO_UNIT;
}

/**
 * Reads text in one of the formats TIME_*. OK: the instant is set. REJECT_FIELD_FORMAT: this is no time. DECLINED: a
 * count too odd for the kernel, or a month by name in a rare shape. Readings without an offset are in the zone whose table `zone` is, 0 for UTC.
 */
export function readTime(format: u32, start: usize, end: usize, zone: usize): u32 {
  switch (format) {
    case TIME_AUTO:
      return readAuto(start, end, zone);
    case TIME_RFC3339:
      return readRfc3339(start, end);
    case TIME_CLICKHOUSE:
      return readClickHouse(start, end, zone);
    case TIME_EPOCH_S:
    case TIME_EPOCH_MS:
    case TIME_EPOCH_US:
    case TIME_EPOCH_NS:
      return readEpochText(start, end, unitScaleOf(format));
    case TIME_CLF:
      return readCommonLog(start, end);
    case TIME_RFC2822:
      return readRfc2822(start, end);
    case TIME_CTIME:
      return readCtime(start, end, zone);
    case TIME_MONTH_NAME:
      return readNamedMonth(start, end, zone);
    default:
      return REJECT_FIELD_FORMAT;
  }
}
