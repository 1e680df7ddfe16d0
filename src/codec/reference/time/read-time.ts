import type { TimeFormat } from "../../../schema/plan.ts";
import { readExactDecimal, scaleExactDecimal } from "../columns/decimal-text.ts";
import { type WallClock, wallClockSeconds } from "./calendar.ts";
import type { Instant, ReadTime } from "./instant.ts";
import { type NamedReading, readCtime, readMonthName, readRfc2822 } from "./read-named-month.ts";
import type { LocalToUtc } from "./time-zone.ts";

/** Decimal digits between a second and the unit of each epoch format. */
export const epochScales: Partial<Record<TimeFormat, number>> = { epoch_s: 0, epoch_ms: 3, epoch_us: 6, epoch_ns: 9 };

/** The reader of text in one format; `local` gives readings without an offset their time zone. */
export function compileReadTime(format: TimeFormat, local: LocalToUtc): ReadTime {
  const scale = epochScales[format];
  if (scale !== undefined) return (text) => readEpoch(text, scale);
  switch (format) {
    case "rfc3339":
      return readRfc3339;
    case "clickhouse":
      return (text) => readClickHouse(text, local);
    case "clf":
      return readCommonLog;
    case "rfc2822":
      return (text) => instantOf(readRfc2822(text), undefined);
    case "ctime":
      return (text) => instantOf(readCtime(text), local);
    case "month_name":
      return (text) => instantOf(readMonthName(text), local);
    default:
      return (text) => readAuto(text, local);
  }
}

/** A count of units since 1970, exact; a fraction of a unit is kept up to nanoseconds. */
export function readEpoch(text: string, unitScale: number): Instant | undefined {
  const decimal = readExactDecimal(text.trim());
  const nanos = decimal === undefined ? undefined : scaleExactDecimal(decimal, 9 - unitScale, "floor")?.value;
  return nanos === undefined ? undefined : instantOfNanos(nanos);
}

/** RFC 3339, section 5.6: an offset is required, `T` may be a space or small, the fraction has up to nine digits. */
export function readRfc3339(text: string): Instant | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  return instantAt(clockOf(match.slice(1, 7), match[7]), match[8]!, undefined);
}

/** `YYYY-MM-DD hh:mm:ss[.f…]`, as ClickHouse prints it, in the column's time zone; or the date alone. */
function readClickHouse(text: string, local: LocalToUtc): Instant | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?)?$/.exec(text);
  return match === null ? undefined : instantAt(clockOf(match.slice(1, 7), match[7]), undefined, local);
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Common log format of web servers: `10/Oct/2000:13:55:36 -0700`, with or without the brackets. */
function readCommonLog(text: string): Instant | undefined {
  const match = /^\[?(\d\d)\/([A-Za-z]{3})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})\]?$/.exec(text);
  if (match === null) return undefined;
  const month = monthNames.indexOf(match[2]!.toLowerCase()) + 1;
  return instantAt(clockOf([match[3]!, String(month), match[1]!, ...match.slice(4, 7)], ""), match[7]!, undefined);
}

const autoPattern =
  /^ *(\d{4})(?:-(\d{1,2})-(\d{1,2})|\/(\d{1,2})\/(\d{1,2}))(?:[T ] *(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?)? *(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)? *$/;

/**
 * The part of ClickHouse's `best_effort` reading that is not a guess: ISO 8601 and ClickHouse's own form, with or
 * without an offset, their compact forms, and a count of seconds, milliseconds, microseconds or nanoseconds, told
 * apart by its digits. Names of months, day before month and two-digit years are not read.
 */
function readAuto(text: string, local: LocalToUtc): Instant | undefined {
  const match = autoPattern.exec(text);
  if (match !== null) {
    const fields = [match[1]!, (match[2] ?? match[4])!, (match[3] ?? match[5])!, match[6], match[7], match[8]];
    return instantAt(clockOf(fields, match[9]), match[10], local);
  }
  const compact = /^(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)(?:\.(\d*))?)?(Z)?$/.exec(text);
  if (compact !== null) return instantAt(clockOf(compact.slice(1, 7), compact[7]), compact[8], local);
  if (/^\d{9,10}$/.test(text) || /^\d{10}\.\d*$/.test(text)) return readEpoch(text, 0);
  const unitScale = { 13: 3, 16: 6, 19: 9 }[text.length];
  return unitScale !== undefined && /^\d+$/.test(text) ? readEpoch(text, unitScale) : undefined;
}

function clockOf(fields: (string | undefined)[], fraction: string | undefined): WallClock {
  const [year, month, day, hour, minute, second] = fields.map((field) => Number(field ?? "0"));
  return {
    year: year!,
    month: month!,
    day: day!,
    hour: hour!,
    minute: minute!,
    second: second!,
    nanos: Number((fraction ?? "").slice(0, 9).padEnd(9, "0")),
  };
}

/** Undefined when there is no such day or time. Without an offset `local` decides. */
function instantAt(clock: WallClock, offset: string | undefined, local: LocalToUtc | undefined): Instant | undefined {
  const wall = wallClockSeconds(clock);
  if (wall === undefined) return undefined;
  if (offset === undefined) return { seconds: local === undefined ? wall : local(wall), nanos: clock.nanos };
  const offsetSeconds = readOffset(offset);
  return offsetSeconds === undefined ? undefined : { seconds: wall - offsetSeconds, nanos: clock.nanos };
}

function instantOf(reading: NamedReading | undefined, local: LocalToUtc | undefined): Instant | undefined {
  const wall = reading && wallClockSeconds(reading.clock);
  if (wall === undefined) return undefined;
  const { nanos } = reading!.clock;
  const { offsetSeconds } = reading!;
  if (offsetSeconds !== undefined) return { seconds: wall - offsetSeconds, nanos };
  return { seconds: local === undefined ? wall : local(wall), nanos };
}

function readOffset(text: string): number | undefined {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(text);
  if (match === null) return 0; // Z, UTC, GMT
  const hours = Number(match[2]);
  const minutes = Number(match[3] ?? "0");
  if (hours > 23 || minutes > 59) return undefined;
  return (match[1] === "-" ? -1 : 1) * (hours * 3_600 + minutes * 60);
}

function instantOfNanos(nanos: bigint): Instant {
  const billion = 1_000_000_000n;
  const seconds = nanos / billion - (nanos % billion < 0n ? 1n : 0n);
  return { seconds: Number(seconds), nanos: Number(nanos - seconds * billion) };
}
