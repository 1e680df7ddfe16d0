import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType, TimeFormat } from "../../../schema/plan.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { daysSinceEpoch } from "../time/calendar.ts";
import { compileReadTime, epochScales, readEpoch } from "../time/read-time.ts";
import { compileTimeZone } from "../time/time-zone.ts";
import { Timestamp } from "../time/timestamp.ts";
import { exactText, rejectFloat, rejectTimeFormat, rejectTimeRange } from "./date-time.ts";
import { describe } from "./describe.ts";

type DateType = Extract<ColumnType, { kind: "date" | "date32" }>;

/** Documented ranges in days since 1970: Date 1970-01-01 … 2149-06-06, Date32 1900-01-01 … 2299-12-31. */
const ranges = { date: [0, 65_535], date32: [-25_567, 120_529] } as const;

/**
 * Date and Date32. With the format `auto`: `YYYY-MM-DD` (one or two digits for month and day, any separator) or
 * `YYYYMMDD`, and a number of days since 1970. With any other format the time is read and its day in UTC is stored.
 */
export function compileDate(type: DateType, format: TimeFormat): WriteColumn {
  const [least, most] = ranges[type.kind];
  const readText = format === "auto" ? readDays : compileTimeDays(format);
  const unitScale = epochScales[format];

  return function writeDate(out: ByteWriter, value: unknown, context: ValueContext): void {
    let days: number | undefined;
    if (typeof value === "string") {
      days = readText(value);
      if (days === undefined) rejectTimeFormat(type, format, value, context);
    } else if (value instanceof Timestamp) {
      days = dayOf(value);
    } else if (typeof value !== "number" && typeof value !== "bigint") {
      rejectField("field_type", `${describe(value, context)} for ${type.text}, which takes a date`);
    } else if (unitScale !== undefined) {
      days = dayOf(readEpoch(exactText(value, context), unitScale));
    } else if (format === "auto") {
      rejectFloat(value, context, type, "days");
      days = Number(value);
    } else {
      rejectField("field_type", `${describe(value, context)} for ${type.text}, which takes a date`);
    }
    // Written so that NaN, the day of an invalid timestamp, is out of range too.
    if (days === undefined || !(days >= least && days <= most)) rejectTimeRange(type, value, context);
    out.reserve(4);
    if (type.kind === "date") out.view.setUint16(out.offset, days, true);
    else out.view.setInt32(out.offset, days, true);
    out.offset += type.kind === "date" ? 2 : 4;
  };
}

function readDays(text: string): number | undefined {
  const match = /^(\d{4})[^\d](\d{1,2})[^\d](\d{1,2})$|^(\d{4})(\d\d)(\d\d)$/.exec(text);
  if (match === null) return undefined;
  return daysSinceEpoch(Number(match[1] ?? match[4]), Number(match[2] ?? match[5]), Number(match[3] ?? match[6]));
}

function compileTimeDays(format: TimeFormat): (text: string) => number | undefined {
  const readTime = compileReadTime(format, compileTimeZone(undefined));
  return (text) => dayOf(readTime(text));
}

function dayOf(instant: { seconds: number } | undefined): number | undefined {
  return instant === undefined ? undefined : Math.floor(instant.seconds / 86_400);
}
