/** A wall-clock reading. `nanos` are the first nine digits after the second; further ones are cut off. */
export interface WallClock {
  year: number;
  /** 1 … 12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  /** 0 … 60: 60 is a leap second, which is the first second of the next minute, as in ClickHouse. */
  second: number;
  nanos: number;
}

/** Days since 1970-01-01, proleptic Gregorian. Undefined for a day that does not exist. */
export function daysSinceEpoch(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  // Date.UTC reads the years 0–99 as 1900–1999; 400 years are a whole number of weeks and leap cycles.
  return Date.UTC(year + 400, month - 1, day) / 86_400_000 - 146_097;
}

/** Seconds since 1970 as if the wall clock showed UTC; undefined when there is no such day or time. */
export function wallClockSeconds(clock: WallClock): number | undefined {
  const days = daysSinceEpoch(clock.year, clock.month, clock.day);
  if (days === undefined || clock.hour > 23 || clock.minute > 59 || clock.second > 60) return undefined;
  return days * 86_400 + clock.hour * 3_600 + clock.minute * 60 + clock.second;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
