/** Turns local wall-clock seconds into seconds since 1970 in UTC. */
export type LocalToUtc = (localSeconds: number) => number;

const cacheEntriesMax = 4_096;
const daySeconds = 86_400;
/** Nearly all changes lie on multiples of this; a slice whose two ends have one offset has no change inside. */
const sliceSeconds = 900;

/**
 * The rules of one time zone, from the runtime's own time zone database (`Intl`). Like ClickHouse, a reading that
 * occurs twice (the hour after summer time ends) means the earlier instant, and one that never occurs is read with
 * the offset that holds after the gap.
 */
export function compileTimeZone(timeZone: string | undefined): LocalToUtc {
  if (timeZone === undefined || isUtcZone(timeZone)) return (local) => local;
  const offsetAt = compileOffsets(timeZone);
  return function localToUtc(localSeconds: number): number {
    const before = offsetAt(localSeconds - daySeconds);
    const after = offsetAt(localSeconds + daySeconds);
    if (before === after) return localSeconds - before;
    const larger = Math.max(before, after);
    const smaller = Math.min(before, after);
    if (offsetAt(localSeconds - larger) === larger) return localSeconds - larger;
    if (offsetAt(localSeconds - smaller) === smaller) return localSeconds - smaller;
    return localSeconds - larger;
  };
}

/** True for UTC by any of its names. */
export function isUtcZone(timeZone: string): boolean {
  return /^(Etc\/)?(UTC|GMT|UCT|Zulu|Universal)$/.test(timeZone);
}

/** Offset of the zone's wall clock from UTC in seconds, by instant, exact to the second. `Intl` is slow, hence the cache. */
export function compileOffsets(timeZone: string): (utcSeconds: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    era: "short",
  });
  const cache = new Map<number, number>();
  function offsetFrom(sliceStart: number): number {
    const cached = cache.get(sliceStart);
    if (cached !== undefined) return cached;
    const offset = computeOffset(format, sliceStart);
    if (cache.size >= cacheEntriesMax) cache.clear();
    cache.set(sliceStart, offset);
    return offset;
  }
  return function offsetAt(utcSeconds: number): number {
    const start = Math.floor(utcSeconds / sliceSeconds) * sliceSeconds;
    const offset = offsetFrom(start);
    if (utcSeconds === start || offset === offsetFrom(start + sliceSeconds)) return offset;
    // A change at 00:01, or from a local mean time with seconds.
    return computeOffset(format, Math.floor(utcSeconds));
  };
}

function computeOffset(format: Intl.DateTimeFormat, utcSeconds: number): number {
  const fields: Record<string, string> = {};
  for (const part of format.formatToParts(utcSeconds * 1_000)) fields[part.type] = part.value;
  const year = Number(fields.year) * (fields.era === "BC" ? -1 : 1);
  const local = Date.UTC(
    year,
    Number(fields.month) - 1,
    Number(fields.day),
    Number(fields.hour),
    Number(fields.minute),
    Number(fields.second),
  );
  return local / 1_000 - utcSeconds;
}
