import { compileOffsets, isUtcZone } from "../reference/time/time-zone.ts";
import * as layout from "./assembly/layout.ts";

/** A stretch of time in which a zone's wall clock is `offsetSeconds` ahead of UTC, up to where the next one starts. */
export interface OffsetPeriod {
  startSeconds: number;
  offsetSeconds: number;
}

const daySeconds = 86_400;
/** Nearly all changes lie on multiples of this, and are found by way of them. */
const sliceSeconds = 900;

/** What DateTime64 can hold, 1900 … 2299, and the days around that a reading in this range may be compared with. */
const leastSeconds = -2_208_988_800 - 3 * daySeconds;
const endSeconds = 10_413_792_000 + 3 * daySeconds;

/**
 * Offsets are compared at steps of this many days, and where two differ the change between them is searched. A change
 * that is taken back within one step would be missed: the quickest are America/Noronha in 2000 and Asia/Gaza in 2040
 * (Ramadan) with seven days, in the long form of the database Africa/Freetown in 1939 with four. Changes are listed one
 * by one up to 2087; afterwards there are only yearly rules, whose seasons last four months or more.
 */
const listedStepDays = 3;
const ruledStepDays = 28;
const ruledFromSeconds = Date.UTC(2100, 0, 1) / 1_000;

/** Before and after every reading: whole numbers that fit a double, far from where sums would wrap around. */
const beforeAllSeconds = Number.MIN_SAFE_INTEGER;
const afterAllSeconds = Number.MAX_SAFE_INTEGER;

const tables = new Map<string, Uint8Array>();

/**
 * The offsets of a zone as the kernel searches them (assembly/zone.ts): their number, then an entry for each period, in
 * order, and one more that begins after all readings. Undefined for UTC, which needs no table. The first call for a zone
 * takes 15 to 50 ms, the table 16 bytes a period, at most 14 KiB.
 *
 * @throws RangeError when the runtime does not know the zone.
 */
export function zoneTable(timeZone: string | undefined): Uint8Array | undefined {
  if (timeZone === undefined || isUtcZone(timeZone)) return undefined;
  let table = tables.get(timeZone);
  if (table === undefined) {
    table = encodePeriods(findPeriods(timeZone));
    tables.set(timeZone, table);
  }
  return table;
}

function encodePeriods(periods: OffsetPeriod[]): Uint8Array {
  const entries = [...periods, { startSeconds: afterAllSeconds, offsetSeconds: 0 }];
  const table = new Uint8Array(layout.ZONE_ENTRIES + entries.length * layout.ZONE_ENTRY_BYTES);
  const view = new DataView(table.buffer);
  view.setUint32(layout.ZONE_COUNT, periods.length, true);
  for (const [index, { startSeconds, offsetSeconds }] of entries.entries()) {
    const entry = layout.ZONE_ENTRIES + index * layout.ZONE_ENTRY_BYTES;
    view.setBigInt64(entry, BigInt(index === 0 ? beforeAllSeconds : startSeconds), true);
    view.setBigInt64(entry + 8, BigInt(offsetSeconds), true);
  }
  return table;
}

/** All periods between 1900 and 2299 in which a zone keeps its offset, as the reference sees them. */
export function findPeriods(timeZone: string): OffsetPeriod[] {
  const nameAt = compileOffsetNames(timeZone);
  const offsetOf = offsetsByName(timeZone);
  let name = nameAt(leastSeconds);
  const periods: OffsetPeriod[] = [{ startSeconds: leastSeconds, offsetSeconds: offsetOf(name, leastSeconds) }];
  for (let step = leastSeconds; step < endSeconds; ) {
    const next = step + daySeconds * (step < ruledFromSeconds ? listedStepDays : ruledStepDays);
    const nextName = nameAt(next);
    let from = step;
    while (name !== nextName) {
      from = findChange(nameAt, name, from, next);
      name = nameAt(from);
      periods.push({ startSeconds: from, offsetSeconds: offsetOf(name, from) });
    }
    step = next;
  }
  return periods;
}

/** The first second from `start` on whose offset is not the one named; at `end` it is another. */
function findChange(nameAt: (utcSeconds: number) => string, name: string, start: number, end: number): number {
  const slice = Math.ceil(start / sliceSeconds) * sliceSeconds;
  const change = nameAt(slice) === name ? halve(nameAt, name, slice, end, sliceSeconds) : slice;
  return nameAt(change - 1) === name ? change : halve(nameAt, name, Math.max(start, change - sliceSeconds), change, 1);
}

/** The same by halves: `start` has the offset named, `end` lies a multiple of `unitSeconds` after it. */
function halve(
  nameAt: (utcSeconds: number) => string,
  name: string,
  start: number,
  end: number,
  unitSeconds: number,
): number {
  let units = (end - start) / unitSeconds;
  let from = start;
  while (units > 1) {
    const half = units >> 1;
    if (nameAt(from + half * unitSeconds) === name) {
      from += half * unitSeconds;
      units -= half;
    } else {
      units = half;
    }
  }
  return from + unitSeconds;
}

/**
 * A name for the offset at an instant, `GMT-03:30` or `GMT+00:53:28`. It only tells whether two offsets are the same,
 * which takes `Intl` a tenth of the time that the parts of a date do.
 */
function compileOffsetNames(timeZone: string): (utcSeconds: number) => string {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hour: "numeric",
    hourCycle: "h23",
    timeZoneName: "longOffset",
  });
  return function nameAt(utcSeconds: number): string {
    const text = format.format(utcSeconds * 1_000);
    return text.slice(text.indexOf("GMT"));
  };
}

/** The offset of a name, which the reference is asked for where the name is met first. */
function offsetsByName(timeZone: string): (name: string, utcSeconds: number) => number {
  const offsetAt = compileOffsets(timeZone);
  const offsets = new Map<string, number>();
  return function offsetOf(name: string, utcSeconds: number): number {
    const offset = offsets.get(name) ?? offsetAt(utcSeconds);
    offsets.set(name, offset);
    return offset;
  };
}
