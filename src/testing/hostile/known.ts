import { findPeriods } from "../../codec/kernel/zone-table.ts";
import { readExactDecimal, scaleExactDecimal } from "../../codec/reference/columns/decimal-text.ts";
import type { PlanColumn } from "../../schema/plan.ts";
import { type Leaf, leavesOf } from "./leaves.ts";

/**
 * Differences that are known and not mended: counted, not reported again. Whoever mends one removes it here.
 */

/**
 * Both readers look for changes of a zone's offset at quarter hours only, Millrace in
 * src/codec/reference/time/time-zone.ts. Some zones changed between two of them: from a local mean time with seconds (the
 * last was Monrovia's, in 1972), and at 00:01 in St. John's from 1987 to 2011. Of a reading within the quarter hour and
 * the width of the change around it, one of the two stores another offset: `2010-11-07 00:05:00` in St. John's, which is
 * 03:35 UTC, Millrace reads as 02:35, and `2010-03-14 00:00:30`, 03:30:30 UTC, ClickHouse reads as 02:30:30.
 */
export function isKnownDifference(column: PlanColumn, json: string): boolean {
  return leavesOf(column, json).some(isNearOddChange);
}

const oddChanges = new Map<string, number[]>();
const sliceSeconds = 900;
const nearSeconds = 2 * 3_600;

function isNearOddChange({ type, text }: Leaf): boolean {
  if (type.kind !== "dateTime" && type.kind !== "dateTime64") return false;
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
    const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hour: "numeric", timeZoneName: "longOffset" });
    const offsetAt = (seconds: number) => /GMT.*$/.exec(format.format(seconds * 1_000))?.[0];
    changes = findPeriods(zone)
      .slice(1)
      .filter(({ startSeconds }) => {
        const slice = Math.floor(startSeconds / sliceSeconds) * sliceSeconds;
        return slice !== startSeconds || offsetAt(slice - 1) === offsetAt(slice);
      })
      .map(({ startSeconds, offsetSeconds }) => startSeconds + offsetSeconds);
    oddChanges.set(zone, changes);
  }
  return changes;
}

/**
 * Millrace rejects a number with a fraction for a column of whole numbers, as JSONEachRow does, but not where a double
 * has no room for the fraction: `254.00000000000000000001` is stored as 254, `3.6e-344` as 0.
 */
export function losesFraction(column: PlanColumn, json: string): boolean {
  return leavesOf(column, json).some(({ type, text }) => {
    if (!wholeKinds.has(type.kind) || !/^-?\d/.test(text)) return false;
    const decimal = readExactDecimal(text);
    return decimal !== undefined && scaleExactDecimal(decimal, 0, "truncate")?.inexact === true;
  });
}

const wholeKinds = new Set(["int", "enum", "date", "date32", "dateTime", "dateTime64"]);
