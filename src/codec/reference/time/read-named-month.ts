import type { WallClock } from "./calendar.ts";

/** Times whose month has a name. Each reader takes a text to its wall clock and, if it names one, its offset. */
export interface NamedReading {
  clock: WallClock;
  /** Seconds by which the clock is ahead of UTC; undefined: the column's own zone decides. */
  offsetSeconds: number | undefined;
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const dayNames = "(?:mon|tue|wed|thu|fri|sat|sun)";
const months = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)";
const longDay = "(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?,? +)?";
const longMonth = `${months}(?:uary|ruary|ch|il|e|y|ust|t(?:ember)?|ober|ember)?\\.?`;

/** The zones that RFC 2822, section 4.3, gives a meaning to; every other name means nothing there. */
const zoneHours: Record<string, number> = {
  ...{ z: 0, ut: 0, utc: 0, gmt: 0 },
  ...{ est: -5, edt: -4, cst: -6, cdt: -5, mst: -7, mdt: -6, pst: -8, pdt: -7 },
};

const mailPattern = new RegExp(
  `^ *(?:${dayNames}, *)?(\\d{1,2}) +${months} +(\\d{4}) +(\\d\\d):(\\d\\d)(?::(\\d\\d))? +` +
    "([+-]\\d{4}|[a-z]{1,3})(?: +\\([^()]*\\))? *$",
  "i",
);

/** RFC 2822, section 3.3, which holds the dates of HTTP too: `Fri, 05 Apr 2024 10:11:12 +0200`. */
export function readRfc2822(text: string): NamedReading | undefined {
  const match = mailPattern.exec(text);
  if (match === null) return undefined;
  const [, day, month, year, hour, minute, second, zone] = match;
  return readingOf({ year, month, day, hour, minute, second }, zone);
}

const ctimePattern = new RegExp(
  `^${dayNames} ${months} +(\\d{1,2}) (\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d{1,9}))?(?: ([+-]\\d{4}|utc|gmt))? (\\d{4})\\n?$`,
  "i",
);

/** `Fri Apr  5 10:11:12 2024` of C's ctime, with a zone before the year as `date` and Ruby have it. */
export function readCtime(text: string): NamedReading | undefined {
  const match = ctimePattern.exec(text);
  if (match === null) return undefined;
  const [, month, day, hour, minute, second, fraction, zone, year] = match;
  return readingOf({ year, month, day, hour, minute, second, fraction }, zone);
}

const clockPattern =
  "(?:[ ,:t]+(\\d{1,2}):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,9}))?)?)?(?: *(z|utc|gmt|[+-]\\d\\d:?\\d\\d))? *$";
const monthFirst = new RegExp(`^ *${longDay}${longMonth} +(\\d{1,2}),? +(\\d{4})${clockPattern}`, "i");
const dayFirst = new RegExp(`^ *${longDay}(\\d{1,2})([ /-]) *${longMonth}\\2 *(\\d{4})${clockPattern}`, "i");

/** `Apr  5 2024 10:11:12`, `April 5, 2024`, `05-Apr-2024 10:11:12.345 +0200`. */
export function readMonthName(text: string): NamedReading | undefined {
  const first = monthFirst.exec(text);
  if (first !== null) {
    const [, month, day, year, hour, minute, second, fraction, zone] = first;
    return readingOf({ year, month, day, hour, minute, second, fraction }, zone);
  }
  const match = dayFirst.exec(text);
  if (match === null) return undefined;
  const [, day, , month, year, hour, minute, second, fraction, zone] = match;
  return readingOf({ year, month, day, hour, minute, second, fraction }, zone);
}

type Parts = Partial<Record<"year" | "month" | "day" | "hour" | "minute" | "second" | "fraction", string | undefined>>;

function readingOf(parts: Parts, zone: string | undefined): NamedReading | undefined {
  const offsetSeconds = zone === undefined ? undefined : readOffset(zone);
  if (zone !== undefined && offsetSeconds === undefined) return undefined;
  const clock = {
    year: Number(parts.year),
    month: monthNames.indexOf(parts.month!.toLowerCase()) + 1,
    day: Number(parts.day),
    hour: Number(parts.hour ?? "0"),
    minute: Number(parts.minute ?? "0"),
    second: Number(parts.second ?? "0"),
    nanos: Number((parts.fraction ?? "").padEnd(9, "0")),
  };
  return { clock, offsetSeconds };
}

function readOffset(zone: string): number | undefined {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (match === null) {
    const hours = zoneHours[zone.toLowerCase()];
    return hours === undefined ? undefined : hours * 3_600;
  }
  const hours = Number(match[2]);
  const minutes = Number(match[3]);
  if (hours > 23 || minutes > 59) return undefined;
  return (match[1] === "-" ? -1 : 1) * (hours * 3_600 + minutes * 60);
}
