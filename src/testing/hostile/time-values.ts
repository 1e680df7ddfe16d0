import type { Randomness } from "../../codec/kernel/testing/randomness.ts";
import { timeText } from "../../codec/kernel/testing/time-texts.ts";
import { findPeriods, type OffsetPeriod } from "../../codec/kernel/zone-table.ts";
import type { ColumnType } from "../../schema/plan.ts";

/** JSON texts of times where readers go wrong: changes of a zone's offset, ends of ranges, counts of every unit. */

type TimeType = Extract<ColumnType, { kind: "date" | "date32" | "dateTime" | "dateTime64" }>;

/** Zones with whole, half and quarter hours, with changes of a whole day, and with seconds long ago. */
export const hostileZones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/St_Johns",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
];

/** First and last moments of the types, and what lies just outside, as seconds since 1970. */
const boundSeconds = [
  0,
  2 ** 31,
  2 ** 32,
  65_536 * 86_400,
  Date.UTC(1900, 0, 1) / 1_000,
  Date.UTC(2300, 0, 1) / 1_000,
  Date.UTC(1925, 0, 1) / 1_000,
  Date.UTC(2000, 1, 29) / 1_000,
  -(2 ** 63) / 1e9,
  2 ** 63 / 1e9,
];

const periodsByZone = new Map<string, OffsetPeriod[]>();

function periodsOf(zone: string): OffsetPeriod[] {
  let periods = periodsByZone.get(zone);
  if (periods === undefined) {
    periods = findPeriods(zone);
    periodsByZone.set(zone, periods);
  }
  return periods;
}

/** A value for a column of times: JSON text, quoted or not. */
export function hostileTime(random: Randomness, type: TimeType): string {
  switch (random.below(6)) {
    case 0:
      return JSON.stringify(timeText(random));
    case 1:
      return countOf(random, type, nearSeconds(random, type));
    case 2:
      return JSON.stringify(countOf(random, type, nearSeconds(random, type)));
    case 3:
      return JSON.stringify(oddClock(random, nearSeconds(random, type)));
    default:
      return JSON.stringify(wallClock(random, nearSeconds(random, type), type));
  }
}

/** Local seconds near a change of the column's zone, near an end of a range, or anywhere in 1890 … 2310. */
function nearSeconds(random: Randomness, type: TimeType): number {
  const zone = "timeZone" in type ? (type.timeZone ?? "UTC") : "UTC";
  const near = random.oneIn(3) ? random.below(90_000) - 45_000 : random.below(7_203) - 3_601;
  if (random.oneIn(4)) return boundSeconds[random.below(boundSeconds.length)]! + (random.oneIn(2) ? near : -1);
  if (zone !== "UTC" && random.oneIn(2)) {
    const periods = periodsOf(zone).slice(1);
    const period = periods[random.below(periods.length)];
    if (period !== undefined) return period.startSeconds + period.offsetSeconds + near;
  }
  return Date.UTC(1_890 + random.below(420), random.below(12), 1 + random.below(31)) / 1_000 + near;
}

function isoOf(seconds: number): string {
  const iso = new Date(Math.floor(seconds) * 1_000).toISOString();
  return iso.startsWith("+") || iso.startsWith("-") ? "2000-01-01T00:00:00" : iso.slice(0, 19);
}

function fraction(random: Randomness): string {
  const texts = ["", "", ".0", ".5", ".999", ".999999999", ".000000001", ".9999999999", ".123456", "."];
  return texts[random.below(texts.length)]!;
}

function wallClock(random: Randomness, seconds: number, type: TimeType): string {
  const iso = isoOf(seconds);
  if ((type.kind === "date" || type.kind === "date32") && !random.oneIn(6)) return iso.slice(0, 10);
  const offsets = ["", "", "", "Z", "+00:00", "-00:00", "+14:00", "-12:00", "+05:45", "+0530", "-03", " UTC"];
  const separated = random.oneIn(2) ? iso : iso.replace("T", " ");
  return separated + fraction(random) + offsets[random.below(offsets.length)]!;
}

/** Days, hours, minutes and seconds that no calendar and no clock has, or that only a leap has. */
function oddClock(random: Randomness, seconds: number): string {
  const iso = isoOf(seconds).replace("T", random.oneIn(2) ? "T" : " ");
  const odd: [at: number, texts: string[]][] = [
    [5, ["00", "13", "02", "1-"]],
    [8, ["00", "29", "30", "31", "32"]],
    [11, ["24", "25", "99"]],
    [14, ["60", "99"]],
    [17, ["59", "60", "61"]],
  ];
  const [at, texts] = odd[random.below(odd.length)]!;
  const text = iso.slice(0, at) + texts[random.below(texts.length)]! + iso.slice(at + 2);
  return random.oneIn(4) ? text.slice(0, 10) : text;
}

function countOf(random: Randomness, type: TimeType, seconds: number): string {
  const whole = BigInt(Math.floor(seconds));
  if (type.kind === "date" || type.kind === "date32") return String(whole / 86_400n);
  const scales = type.kind === "dateTime64" ? [type.scale, type.scale, 0, 3, 6, 9] : [0, 0, 0, 3];
  const scale = scales[random.below(scales.length)]!;
  const ticks = whole * 10n ** BigInt(scale) + BigInt(random.below(10)) * (scale > 0 ? 1n : 0n);
  return String(ticks) + (random.oneIn(6) ? [".0", ".5", "e0", ".000", ".123456789"][random.below(5)]! : "");
}
