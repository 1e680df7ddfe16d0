import type { Randomness } from "./randomness.ts";

/** Texts of numbers that tell a right reader from an almost right one. All are JSON numbers. */
export function numberText(random: Randomness): string {
  const makers = [
    plainInteger,
    integerNearBound,
    shortDecimal,
    longDecimal,
    anyDouble,
    anyFloat,
    tie,
    nearTie,
    extreme,
  ];
  const text = makers[random.below(makers.length)]!(random);
  return random.oneIn(4) ? `-${text}` : text;
}

/** The same or a word, in the spellings that only strings have, sometimes damaged or between white space. */
export function stringText(random: Randomness): string {
  let text = random.oneIn(4) ? pick(random, words) : numberText(random);
  if (random.oneIn(8)) text = `+${text}`;
  if (random.oneIn(8)) text = `${"0".repeat(random.below(30))}${text}`;
  if (random.oneIn(8)) text = text.replace(/^0\.|\.0$/, ".");
  if (random.oneIn(4)) {
    const at = random.below(text.length + 1);
    text = text.slice(0, at) + pick(random, pieces) + text.slice(at + random.below(2));
  }
  if (random.oneIn(6)) text = pick(random, spaces) + text;
  return random.oneIn(6) ? text + pick(random, spaces) : text;
}

const words =
  "true,false,True,FALSE,nan,NaN,-nan,+NAN,inf,-Inf,infinity,-INFINITY,infinit,nanny,none,,-,+,.,e5,1e,1e+,0x10,trues,tru";
const pieces = " ,.,-,+,e,E,0,7,x,/,:,\0,é, ,99999999,00000000,.5,e9".split(",");
const spaces = [" ", "  ", "\t", "\r\n", "\v\f", "\u00a0", "\ufeff", "\u2003", "\x1f", "\x85", "_"];

function pick(random: Randomness, from: string[] | string): string {
  const list = typeof from === "string" ? from.split(",") : from;
  return list[random.below(list.length)]!;
}

function digits(random: Randomness, count: number): string {
  if (random.oneIn(10)) return pick(random, "0,9,5").repeat(count);
  return Array.from({ length: count }, () => random.below(10)).join("");
}

function withoutZeros(text: string): string {
  return text.replace(/^0+(?=\d)/, "");
}

function plainInteger(random: Randomness): string {
  return withoutZeros(digits(random, 1 + random.below(random.oneIn(4) ? 40 : 20)));
}

function integerNearBound(random: Randomness): string {
  const power = BigInt(pick(random, "7,8,15,16,31,32,52,53,54,63,64,65"));
  const value = 2n ** power + BigInt(random.below(5) - 2);
  const suffix = random.oneIn(3) ? pick(random, ".0,.5,.000000000000000000000001,e0,.49999999999999999,E+0,0e-1") : "";
  return `${value}${suffix}`;
}

function shortDecimal(random: Randomness): string {
  return `${withoutZeros(digits(random, 1 + random.below(7)))}.${digits(random, 1 + random.below(9))}`;
}

function longDecimal(random: Randomness): string {
  const whole = withoutZeros(digits(random, 1 + random.below(24)));
  const fraction = random.oneIn(3) ? "" : `.${"0".repeat(random.below(25))}${digits(random, 1 + random.below(24))}`;
  const exponent = random.oneIn(2) ? `${pick(random, "e,E,e-,e+")}${random.below(random.oneIn(2) ? 25 : 350)}` : "";
  return `${whole}${fraction}${exponent}`;
}

const view = new DataView(new ArrayBuffer(8));

function randomDouble(random: Randomness): number {
  view.setUint32(0, random.below(0x7ff0_0000));
  view.setUint32(4, random.below(0xffff_ffff));
  return view.getFloat64(0);
}

function randomFloat(random: Randomness): number {
  view.setUint32(0, random.below(0x7f80_0000));
  return view.getFloat32(0);
}

function anyDouble(random: Randomness): string {
  const value = random.oneIn(2) ? randomDouble(random) : randomDouble(random) % 1000;
  return random.oneIn(2) ? String(value) : value.toExponential(random.below(21));
}

function anyFloat(random: Randomness): string {
  const value = randomFloat(random);
  return random.oneIn(2) ? String(value) : value.toPrecision(1 + random.below(12));
}

/** Exactly between two floats or two doubles, or nearly so. */
function tie(random: Randomness): string {
  if (random.oneIn(2)) {
    const odd = 2n ** BigInt(random.oneIn(2) ? 53 : 24) + BigInt(random.below(1 << 24)) * 2n + 1n;
    return String(odd << BigInt(random.below(11)));
  }
  const float = Math.abs(randomFloat(random) % 4096);
  view.setFloat32(0, float);
  view.setUint32(0, view.getUint32(0) + 1);
  return String((float + view.getFloat32(0)) / 2);
}

function nearTie(random: Randomness): string {
  const text = tie(random);
  if (/e/.test(text)) return text;
  const tail = `${"0".repeat(random.below(20))}${pick(random, "1,0,9")}`;
  return text.includes(".") ? text + tail : `${text}.${tail}`;
}

function extreme(random: Randomness): string {
  if (random.oneIn(2)) return `${1 + random.below(9)}.${digits(random, 18)}e-${300 + random.below(50)}`;
  return pick(
    random,
    "0,0.0,0e0,0e999999,0.0000000000000000000000000,1e999999999999,1e-999999999999,5e-324,4.9e-324,2.4703282292062327e-324," +
      "2.4703282292062328e-324,2.2250738585072011e-308,2.2250738585072014e-308,1.7976931348623157e308," +
      "1.7976931348623158e308,1.7976931348623159e308,1e308,1e309,3.4028234663852886e38,3.4028235677973366e38," +
      "3.4028235677973365e38,1.401298464324817e-45,7.006492321624085e-46,7.006492321624086e-46,1.1754943508222875e-38," +
      "1e3,1.0,1.5,10e-1,1e-1,123456789012345678901234567890e-20,0.1e1,1.0000000000000000001,4503599627370496.2," +
      `1e18,1e19,1e20,18446744073709551615.0,1.8446744073709551615e19,9.5e-1,${"1".repeat(1_100)},1${"0".repeat(400)}`,
  );
}
