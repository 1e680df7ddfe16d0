import { findPeriods } from "../../codec/kernel/zone-table.ts";
import { intendedDifferences } from "../../codec/reference/columns/testing/intended-differences.ts";
import type { Leaf } from "./leaves.ts";

/**
 * ClickHouse takes every change of a zone's offset for one at a quarter hour; README's table says so. Some were between
 * two of them: from a local mean time with seconds (the last was Monrovia's, in 1972), and at 00:01 in St. John's from
 * 1987 to 2011. It reads what lies within the quarter hour and the width of the change around with another offset.
 */
const isDocumented = intendedDifferences.some(
  ({ type, clickhouse, millrace }) => type === "DateTime('America/St_Johns')" && clickhouse !== millrace,
);
const quarterSeconds = 900;
const nearSeconds = 2 * 3_600;
const oddChanges = new Map<string, number[]>();

/** True for a reading without an offset near a change that is at no quarter hour. */
export function isNearOddChange({ type, text }: Leaf): boolean {
  if (!isDocumented || (type.kind !== "dateTime" && type.kind !== "dateTime64")) return false;
  const [, year, month, day, clock = "00"] =
    /^" *(\d{4})\D?(\d{1,2})\D?(\d{1,2})[T ]*(\d\d?(?::?\d\d?(?::?\d\d?)?)?)?/.exec(text) ?? [];
  if (year === undefined || type.timeZone === undefined) return false;
  const [hour = 0, minute = 0, second = 0] = (clock.match(/\d\d?/g) ?? []).map(Number);
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), hour, minute, second) / 1_000;
  return oddChangesOf(type.timeZone).some((change) => Math.abs(change - local) < nearSeconds);
}

/** Local seconds of the changes that are at no quarter hour of UTC. */
function oddChangesOf(zone: string): number[] {
  let changes = oddChanges.get(zone);
  if (changes === undefined) {
    changes = findPeriods(zone)
      .slice(1)
      .filter(({ startSeconds }) => startSeconds % quarterSeconds !== 0)
      .map(({ startSeconds, offsetSeconds }) => startSeconds + offsetSeconds);
    oddChanges.set(zone, changes);
  }
  return changes;
}
