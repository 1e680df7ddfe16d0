import { numberText, stringText } from "../../codec/kernel/testing/number-texts.ts";
import type { Randomness } from "../../codec/kernel/testing/randomness.ts";
import { damageText } from "../../codec/kernel/testing/time-texts.ts";
import { anyValue, arrayText, objectText, stringValue, valueFor } from "../../codec/kernel/testing/value-generator.ts";
import type { ColumnType, TimeFormat } from "../../schema/plan.ts";
import { hostileTime } from "./time-values.ts";

/** JSON texts of values at and beyond what a column type takes. What fits easily is drawn by valueFor. */

type EnumType = Extract<ColumnType, { kind: "enum" }>;

function pick<T>(random: Randomness, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** The JSON text of a value for a column: a third easy, the rest hostile. */
export function hostileValue(random: Randomness, type: ColumnType, format: TimeFormat): string {
  switch (type.kind) {
    case "nullable":
      return random.oneIn(6)
        ? pick(random, ["null", '"null"', '"NULL"', '"\\\\N"', '""'])
        : inner(random, type, format);
    case "lowCardinality":
      return inner(random, type, format);
    case "array":
      return random.oneIn(20) ? anyValue(random, 0) : arrayText(random, () => member(random, type.inner, format));
    case "map":
      return random.oneIn(20) ? anyValue(random, 0) : objectText(random, () => member(random, type.inner, format));
    default:
      if (random.oneIn(3)) return valueFor(random, type, format);
      return random.oneIn(10) ? otherKind(random) : hostileScalar(random, type);
  }
}

function inner(random: Randomness, type: { inner: ColumnType }, format: TimeFormat): string {
  return hostileValue(random, type.inner, format);
}

/** Elements are milder: one that does not fit rejects the whole row. */
function member(random: Randomness, type: ColumnType, format: TimeFormat): string {
  if (random.oneIn(12)) return "null";
  return random.oneIn(4) ? hostileValue(random, type, format) : valueFor(random, type, format);
}

/** Truth values for numbers, numbers for text, and so on. */
function otherKind(random: Randomness): string {
  return random.oneIn(2)
    ? pick(random, ["true", "false", '"true"', '"False"', "1", "0", "-0", "-0.0", '""', "[]", "{}", "null", "[null]"])
    : anyValue(random, 0);
}

function hostileScalar(random: Randomness, type: ColumnType): string {
  switch (type.kind) {
    case "int":
    case "float":
    case "decimal":
      return hostileNumber(random, type);
    case "bool":
      return pick(random, [
        "true",
        "false",
        "1",
        "0",
        "2",
        "-1",
        "1.0",
        "1e0",
        '"true"',
        '"1"',
        '"t"',
        '"yes"',
        '"TRUE"',
      ]);
    case "date":
    case "date32":
    case "dateTime":
    case "dateTime64":
      return hostileTime(random, type);
    case "fixedString":
      return fixedText(random, type.length);
    case "enum":
      return enumText(random, type);
    case "uuid":
    case "ipv4":
    case "ipv6":
      return JSON.stringify(addressText(random, type));
    default:
      return random.oneIn(3) ? anyValue(random, 0) : stringValue(random);
  }
}

function hostileNumber(random: Randomness, type: ColumnType): string {
  switch (random.below(5)) {
    case 0:
      return JSON.stringify(stringText(random));
    case 1:
      return atBound(random, type);
    case 2:
      return JSON.stringify(atBound(random, type));
    case 3:
      return JSON.stringify(numberText(random));
    default:
      return numberText(random);
  }
}

/** A few steps around the ends of the type's range, with zeros that change nothing. */
function atBound(random: Randomness, type: ColumnType): string {
  const step = BigInt(random.below(5) - 2);
  if (type.kind === "int") {
    const most = 2n ** BigInt(type.signed ? type.bits - 1 : type.bits);
    const bound = random.oneIn(2) ? most : type.signed ? -most : 0n;
    return `${bound + step}${random.oneIn(5) ? pick(random, [".0", "e0", ".5", ".00000000000000000001"]) : ""}`;
  }
  if (type.kind === "decimal") return decimalAtBound(random, type, step);
  const floats = [
    "3.4028235e38",
    "3.4028236e38",
    "1.7976931348623157e308",
    "1e309",
    "5e-324",
    "1e-46",
    "1.4e-45",
    "-0",
  ];
  return pick(random, floats);
}

function decimalAtBound(random: Randomness, type: Extract<ColumnType, { kind: "decimal" }>, step: bigint): string {
  const ticks = String(10n ** BigInt(type.precision) + step).padStart(type.scale + 1, "0");
  const point = ticks.length - type.scale;
  const text = `${ticks.slice(0, point)}${type.scale > 0 ? `.${ticks.slice(point)}` : ""}`;
  const tail = random.oneIn(4) ? (text.includes(".") ? "9" : ".9") : "";
  return `${random.oneIn(3) ? "-" : ""}${text}${tail}${random.oneIn(6) ? pick(random, ["e0", "e1", "e-1", "E+2"]) : ""}`;
}

/** Bytes are counted, not characters: both sides of the length, in letters of one to four bytes. */
function fixedText(random: Randomness, length: number): string {
  const letter = pick(random, ["a", "é", "日", "😀", "\u0000"]);
  const count = Math.max(0, Math.floor(length / new TextEncoder().encode(letter).length) + random.below(3) - 1);
  return JSON.stringify(letter.repeat(count) + (random.oneIn(2) ? "b" : ""));
}

function enumText(random: Randomness, { values, bits }: EnumType): string {
  const { name, value } = pick(random, values);
  const wrapped = value + pick(random, [0, 1, 2 ** bits, -(2 ** bits)]);
  return pick(random, [
    String(wrapped),
    `"${wrapped}"`,
    `${value}.0`,
    `"+${value}"`,
    `"0${value}"`,
    JSON.stringify(name.toUpperCase()),
    JSON.stringify(` ${name}`),
    JSON.stringify(damageText(name, random)),
  ]);
}

function addressText(random: Randomness, type: ColumnType): string {
  const good = JSON.parse(valueFor(random, type, "auto")) as string;
  if (type.kind === "uuid") {
    return pick(random, [good.toUpperCase(), good.replaceAll("-", ""), `{${good}}`, damageText(good, random)]);
  }
  const part = String(random.below(300)).padStart(random.below(5), "0");
  return pick(random, [
    good.replace(/\d+/, part),
    good.replace(/:[^:]+:/, "::"),
    `::ffff:${good}`,
    `${good.toUpperCase()}`,
    damageText(good, random),
    damageText(damageText(good, random), random),
  ]);
}
