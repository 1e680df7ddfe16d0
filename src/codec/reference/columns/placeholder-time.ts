import { bareType } from "../../../schema/column-type.ts";
import type { PlanColumn, TimeFormat } from "../../../schema/plan.ts";
import type { ValueContext } from "../column.ts";
import type { Instant } from "../time/instant.ts";
import { compileReadTime, epochScales, readEpoch } from "../time/read-time.ts";
import { compileTimeZone } from "../time/time-zone.ts";
import { Timestamp } from "../time/timestamp.ts";
import { numberText } from "./number-text.ts";

/** 0002-01-01 and 9999-01-01: before the one and from the other on, programs write times that stand for none. */
const leastSeconds = -62_104_060_800;
const endSeconds = 253_370_764_800;

/** Go's zero time, 0001-01-01, and the end of time of others, 9999-12-31, with whatever clock and offset. */
export function isPlaceholderTime(instant: Instant | undefined): boolean {
  return instant !== undefined && (instant.seconds < leastSeconds || instant.seconds >= endSeconds);
}

export type IsPlaceholder = (value: unknown, context: ValueContext) => boolean;

/** How values of a column are told that are placeholders. Every type's range ends long before them. */
export function compilePlaceholder({ type, timeFormat }: PlanColumn): IsPlaceholder {
  const bare = bareType(type);
  const zone = bare.kind === "dateTime" || bare.kind === "dateTime64" ? bare.timeZone : undefined;
  const readText = compileReadTime(timeFormat, compileTimeZone(zone));
  return (value, context) =>
    isPlaceholderTime(typeof value === "string" ? readText(value) : readNumber(value, timeFormat, context));
}

function readNumber(value: unknown, format: TimeFormat, context: ValueContext): Instant | undefined {
  if (value instanceof Timestamp) return value;
  const unitScale = epochScales[format];
  if (unitScale === undefined || (typeof value !== "number" && typeof value !== "bigint")) return undefined;
  return readEpoch(numberText(value, context), unitScale);
}
