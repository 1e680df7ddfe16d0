import type { Randomness } from "./randomness.ts";

/** Texts and numbers that are times, nearly times, or times with one character wrong. */

function pick(random: Randomness, from: string[]): string {
  return from[random.below(from.length)]!;
}

/** A part of a reading: `most` and one above are likely, zeros in front are sometimes missing. */
function part(random: Randomness, most: number): string {
  const value = random.oneIn(8) ? most + random.below(2) : random.below(most + 1);
  return random.oneIn(12) ? String(value) : String(value).padStart(2, "0");
}

function year(random: Randomness): string {
  const edges = [
    "0000",
    "0001",
    "9999",
    "1899",
    "1900",
    "1969",
    "1970",
    "2000",
    "2024",
    "2099",
    "2106",
    "2149",
    "2262",
    "2299",
    "2300",
  ];
  return random.oneIn(2) ? pick(random, edges) : String(1_850 + random.below(500));
}

export function digits(random: Randomness, count: number): string {
  let text = "";
  for (let index = 0; index < count; index++)
    text += random.oneIn(4) ? (random.oneIn(2) ? "0" : "9") : random.below(10);
  return text;
}

function fraction(random: Randomness): string {
  return random.oneIn(2) ? "" : `.${digits(random, random.below(random.oneIn(5) ? 25 : 11))}`;
}

function offset(random: Randomness): string {
  const sign = random.oneIn(2) ? "+" : "-";
  const [hours, minutes] = [part(random, 23), part(random, 59)];
  const forms = ["", "", "Z", "Z", "z", "UTC", "GMT", `${sign}${hours}:${minutes}`, `${sign}${hours}${minutes}`];
  return pick(random, [...forms, `${sign}${hours}`, " Z", ` ${sign}${hours}:${minutes}`, "Z ", "  UTC "]);
}

function iso(random: Randomness): string {
  const dash = random.oneIn(8) ? pick(random, ["/", ".", " ", "é", "\n", "_"]) : "-";
  const date = `${year(random)}${dash}${part(random, 12)}${dash}${part(random, 31)}`;
  if (random.oneIn(8)) return random.oneIn(2) ? date : date + offset(random);
  const between = pick(random, ["T", "T", " ", " ", "t", "T ", "  ", "_"]);
  const clock = [part(random, 23), part(random, 59), part(random, 60)].slice(
    0,
    random.oneIn(10) ? 1 + random.below(2) : 3,
  );
  return `${random.oneIn(30) ? " " : ""}${date}${between}${clock.join(":")}${fraction(random)}${offset(random)}`;
}

function compact(random: Randomness): string {
  const date = year(random) + part(random, 12) + part(random, 31);
  const clock = part(random, 23) + part(random, 59) + part(random, 60);
  return pick(random, [date, `${date}Z`, `${date}T${clock}`, date + clock, `${date}T${clock}${fraction(random)}Z`]);
}

function commonLog(random: Randomness): string {
  const month = pick(random, "Jan,Feb,mar,APR,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec,Okt".split(","));
  const clock = `${part(random, 23)}:${part(random, 59)}:${part(random, 60)}`;
  const zone = `${random.oneIn(2) ? "+" : "-"}${part(random, 23)}${part(random, 59)}`;
  const text = `${part(random, 31)}/${month}/${year(random)}:${clock} ${zone}`;
  return pick(random, [text, `[${text}]`, `[${text}`, `${text}]`]);
}

export function namedTime(random: Randomness): string {
  const text = named(random);
  return random.oneIn(2) ? damageText(text, random) : text;
}

function named(random: Randomness): string {
  const month = pick(random, "Jan,Feb,mar,APR,May,June,Sept,October,Okt".split(","));
  const clock = `${part(random, 23)}:${part(random, 59)}:${part(random, 60)}`;
  const day = part(random, 31);
  return pick(random, [
    `Fri, ${day} ${month} ${year(random)} ${clock} ${pick(random, ["GMT", "+0200", "EST", "CEST"])}`,
    `Fri ${month} ${day} ${clock} ${year(random)}`,
    `${month} ${day}, ${year(random)} ${clock}${fraction(random)}`,
    `${month} ${day.replace(/^0/, " ")} ${year(random)} ${clock}`,
    `${day} ${month} ${year(random)} ${clock} ${pick(random, ["GMT", "-0130", "GMT  ", "(ab)"])}`,
    `${day}${pick(random, ["-", "/", " ", "."])}${month}/${year(random)} ${clock}`,
    `${day}-${month}-${year(random)} ${clock}${offset(random)}`,
  ]);
}

/** A count as text or number; a JSON number unless it begins with zeros. */
export function count(random: Randomness): string {
  const sizes = [1, 5, 8, 9, 10, 10, 10, 11, 13, 13, 13, 14, 16, 16, 19, 19, 20, 25];
  const whole = random.oneIn(3) ? `1${digits(random, 12)}` : digits(random, sizes[random.below(sizes.length)]!);
  const sign = random.oneIn(8) ? "-" : "";
  const tail = random.oneIn(4) ? `.${digits(random, 1 + random.below(random.oneIn(4) ? 30 : 9))}` : "";
  const exponent = random.oneIn(10) ? pick(random, ["e0", "E3", "e+6", "e-3", "e-9", "e9", "e-20", "e40", "e400"]) : "";
  return sign + (whole.replace(/^0+(?=\d)/, "") || "0") + tail + exponent;
}

export function timeText(random: Randomness): string {
  const makers = [iso, iso, iso, compact, commonLog, named, count];
  let text = makers[random.below(makers.length)]!(random);
  if (random.oneIn(20)) text = pick(random, [" ", "\t", "\n", "\u00a0", "\ufeff", "+", "0", "["]) + text;
  if (random.oneIn(20)) text += pick(random, [" ", "\t\r\n", "\v\f", "\u2003", "\0", "]", "0", "."]);
  return random.oneIn(3) ? damageText(text, random) : text;
}

/** One character put in, taken out or replaced. */
export function damageText(text: string, random: Randomness): string {
  const at = random.below(text.length + 1);
  const piece = random.oneIn(4) ? "" : pick(random, [..." -/:.TZtz+09eUGa[]\0é日"]);
  return text.slice(0, at) + piece + text.slice(at + random.below(2));
}
