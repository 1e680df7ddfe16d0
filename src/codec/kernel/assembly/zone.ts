import { ZONE_COUNT, ZONE_ENTRIES, ZONE_ENTRY_BYTES } from "./layout";

/** The reference looks this far to both sides of a reading for the offsets that may hold there. */
const DAY_SECONDS: i64 = 86_400;

/**
 * Readings around the one that was searched last, all of the same offset: those of `cachedZone` from `cachedStart` on,
 * `cachedSeconds` many. Logs stay within for months; a plan with columns in two zones searches for each reading.
 */
let cachedZone: usize = 0;
let cachedStart: i64 = 0;
let cachedSeconds: u64 = 0;
let cachedOffset: i64 = 0;

/**
 * Turns local wall-clock seconds into seconds since 1970 in UTC, by the table of offsets at `zone` (zone-table.ts). A
 * reading that occurs twice is the earlier one; one that does not occur is read with the offset that holds after the gap.
 * Years are 0 … 9999; beyond the table its first and last offset hold.
 */
@inline
export function localToUtc(zone: usize, localSeconds: i64): i64 {
  if (zone == cachedZone && <u64>(localSeconds - cachedStart) < cachedSeconds) return localSeconds - cachedOffset;
  return searchUtc(zone, localSeconds);
}

function searchUtc(zone: usize, localSeconds: i64): i64 {
  const first = entryAt(zone, localSeconds - DAY_SECONDS);
  const before = load<i64>(first, 8);
  const last = entryFrom(first, localSeconds + DAY_SECONDS);
  if (first == last) {
    cachedZone = zone;
    cachedStart = load<i64>(first) + DAY_SECONDS;
    cachedSeconds = <u64>(load<i64>(first, ZONE_ENTRY_BYTES) - DAY_SECONDS - cachedStart);
    cachedOffset = before;
    return localSeconds - before;
  }
  const after = load<i64>(last, 8);
  const larger = max(before, after);
  const smaller = min(before, after);
  if (before == after || load<i64>(entryFrom(first, localSeconds - larger), 8) == larger) return localSeconds - larger;
  if (load<i64>(entryFrom(first, localSeconds - smaller), 8) == smaller) return localSeconds - smaller;
  return localSeconds - larger;
}

/** The entry whose offset holds at an instant: the last that begins at or before it. The first begins before all. */
function entryAt(zone: usize, utcSeconds: i64): usize {
  const entries = zone + ZONE_ENTRIES;
  let low: usize = 0;
  let count = <usize>load<u32>(zone, ZONE_COUNT);
  while (count > 1) {
    const half = count >> 1;
    if (load<i64>(entries + (low + half) * ZONE_ENTRY_BYTES) <= utcSeconds) low += half;
    count -= half;
  }
  return entries + low * ZONE_ENTRY_BYTES;
}

/**
 * The same from an entry that begins at or before the instant and is few entries away. The one after the last begins
 * after all instants.
 */
@inline
function entryFrom(entry: usize, utcSeconds: i64): usize {
  while (load<i64>(entry, ZONE_ENTRY_BYTES) <= utcSeconds) entry += ZONE_ENTRY_BYTES;
  return entry;
}
