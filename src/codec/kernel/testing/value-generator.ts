import type { ColumnType, TimeFormat } from "../../../schema/plan.ts";
import { EVENT_MS } from "../../testing/task.ts";
import { numberText, stringText } from "./number-texts.ts";
import type { Randomness } from "./randomness.ts";
import { timeText } from "./time-texts.ts";

/** JSON texts of values: those that a column takes, and any others. */

function pick<T>(random: Randomness, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** The JSON text of a value that a column of this type takes, most times. */
export function valueFor(random: Randomness, type: ColumnType, format: TimeFormat): string {
  switch (type.kind) {
    case "nullable":
      return random.oneIn(5) ? "null" : valueFor(random, type.inner, format);
    case "lowCardinality":
      return valueFor(random, type.inner, format);
    case "array":
      return arrayText(random, () => memberFor(random, type.inner, format));
    case "map":
      return objectText(random, () => memberFor(random, type.inner, format));
    case "date":
    case "date32":
    case "dateTime":
    case "dateTime64":
      return timeFor(random, type, format);
    default:
      return scalarFor(random, type);
  }
}

function memberFor(random: Randomness, type: ColumnType, format: TimeFormat): string {
  if (random.oneIn(12)) return "null";
  return random.oneIn(60) ? anyValue(random, 2) : valueFor(random, type, format);
}

function scalarFor(random: Randomness, type: ColumnType): string {
  switch (type.kind) {
    case "int":
      return integerFor(random, type.bits, type.signed);
    case "float":
      return random.oneIn(2)
        ? String(random.below(2_000) / 8)
        : random.oneIn(8)
          ? quoted(numberText(random))
          : floatText(random);
    case "decimal":
      return decimalFor(random, type.precision - type.scale, type.scale);
    case "bool":
      return pick(random, ["true", "false", "1", "0"]);
    case "string":
      return random.oneIn(8) ? anyValue(random, 0) : stringValue(random);
    case "fixedString":
      return JSON.stringify("abcdefghijklmnopq".slice(0, random.below(type.length + 1)));
    case "uuid":
      return quoted(`${hex(random, 8)}-${hex(random, 4)}-${hex(random, 4)}-${hex(random, 4)}-${hex(random, 12)}`);
    case "enum": {
      const value = pick(random, type.values);
      return random.oneIn(4) ? String(value.value) : JSON.stringify(value.name);
    }
    case "ipv4":
      return quoted(Array.from({ length: 4 }, () => random.below(256)).join("."));
    case "ipv6":
      return quoted(
        pick(random, [ipv6(random), ipv6(random), "::", "::1", "::ffff:1.2.3.4", "2001:db8::8a2e:370:7334"]),
      );
    default:
      return "null";
  }
}

function floatText(random: Randomness): string {
  const text = numberText(random);
  return Number.isFinite(Number(text)) ? text : "1e300";
}

function hex(random: Randomness, digits: number): string {
  return Array.from({ length: digits }, () => random.below(16).toString(16)).join("");
}

function ipv6(random: Randomness): string {
  return Array.from({ length: 8 }, () => random.below(65_536).toString(16)).join(":");
}

function integerFor(random: Randomness, bits: number, signed: boolean): string {
  const most = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  const value = random.oneIn(6) ? most - BigInt(random.below(2)) : BigInt(random.below(2 ** 31)) % (most + 1n);
  const text = String(signed && random.oneIn(4) ? -value : value);
  return random.oneIn(8) ? quoted(text) : text;
}

function decimalFor(random: Randomness, whole: number, scale: number): string {
  const digits = (count: number) => Array.from({ length: count }, () => random.below(10)).join("");
  const left = digits(random.below(whole + 1)).replace(/^0+(?=\d)/, "") || "0";
  const right = scale === 0 || random.oneIn(3) ? "" : `.${digits(1 + random.below(scale))}`;
  const text = `${random.oneIn(4) ? "-" : ""}${left}${right}`;
  return random.oneIn(6) ? quoted(text) : text;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** The days and seconds around EVENT_MS in the ways that the format reads. */
function timeFor(random: Randomness, type: ColumnType, format: TimeFormat): string {
  const ms = EVENT_MS - random.below(random.oneIn(3) ? 20_000_000 : 5_000);
  const iso = new Date(ms).toISOString();
  if (random.oneIn(25)) return placeholderFor(random, format);
  switch (format) {
    case "epoch_s":
      return random.oneIn(4) ? (ms / 1000).toFixed(3) : String(Math.floor(ms / 1000));
    case "epoch_ms":
      return random.oneIn(8) ? quoted(String(ms)) : String(ms);
    case "epoch_us":
      return `${ms}${String(random.below(1_000)).padStart(3, "0")}`;
    case "epoch_ns":
      return `${ms}${String(random.below(1_000_000)).padStart(6, "0")}`;
    case "rfc3339":
      return quoted(random.oneIn(2) ? iso : iso.replace("Z", "+02:00"));
    case "clf":
      return quoted(`${iso.slice(8, 10)}/Nov/2023:${iso.slice(11, 19)} ${random.oneIn(2) ? "+0000" : "-0130"}`);
    case "rfc2822":
      return quoted(new Date(ms).toUTCString());
    case "ctime":
      return quoted(`Tue Nov ${iso.slice(8, 10)} ${iso.slice(11, 19)} 2023`);
    case "month_name":
      return quoted(`Nov ${iso.slice(8, 10)}, 2023 ${iso.slice(11, 23)}`);
    default:
      return plainTime(random, type, ms, iso);
  }
}

/** Times around those that stand for none. */
function placeholderFor(random: Randomness, format: TimeFormat): string {
  const seconds = pick(random, [-62_135_596_800, -62_104_060_801, -62_104_060_800, 253_370_764_799, 253_402_300_799]);
  const unit = { epoch_s: "", epoch_ms: "000", epoch_us: "000000", epoch_ns: "000000000" }[format as string];
  if (unit !== undefined) return `${seconds}${unit}${random.oneIn(3) ? ".00000000000001" : ""}`;
  const text = new Date(seconds * 1_000).toISOString();
  return quoted(
    pick(random, [text, text.replace(".000Z", "+08:00"), text.slice(0, 10), text.slice(0, 19).replace("T", " ")]),
  );
}

function plainTime(random: Randomness, type: ColumnType, ms: number, iso: string): string {
  const day = iso.slice(0, 10);
  if (type.kind === "date" || type.kind === "date32") {
    return random.oneIn(3)
      ? String(Math.floor(ms / 86_400_000))
      : quoted(random.oneIn(4) ? day.replaceAll("-", "") : day);
  }
  const plain = `${day} ${iso.slice(11, type.kind === "dateTime64" && random.oneIn(2) ? 23 : 19)}`;
  return quoted(random.oneIn(3) ? iso : plain);
}

/** Any JSON value: numbers, texts and times of every shape, empty and nested ones. */
export function anyValue(random: Randomness, depth: number): string {
  switch (random.below(depth < 3 ? 12 : 8)) {
    case 0:
      return pick(random, ["null", "true", "false", '""', "{}", "[]", "0", "-0", '"0"', "-0.0", '" "']);
    case 1:
    case 2:
      return numberText(random);
    case 3:
      return quoted(stringText(random));
    case 4:
      return quoted(timeText(random));
    case 5:
      return String(random.below(1_000));
    case 8:
    case 9:
      return arrayText(random, () => anyValue(random, depth + 1));
    case 10:
      return objectText(random, () => anyValue(random, depth + 1));
    default:
      return stringValue(random);
  }
}

function space(random: Randomness): string {
  return random.oneIn(12) ? pick(random, [" ", "\n", "\t", "\r\n", "   "]) : "";
}

/** A JSON array of up to four elements, white space here and there. */
export function arrayText(random: Randomness, element: () => string): string {
  const elements = Array.from({ length: random.below(5) }, () => space(random) + element() + space(random));
  return `[${elements.join(",")}${elements.length === 0 ? space(random) : ""}]`;
}

const memberKeys = [
  "ip",
  "user",
  "id",
  "b",
  "k",
  "ключ",
  "1",
  "0",
  "long key with some words in it",
  "",
  "\\u0069d",
  "ip\\n",
  "user.id",
  "b.k",
];

/** A JSON object of up to four members; keys come twice now and then. */
export function objectText(random: Randomness, member: () => string): string {
  const members = Array.from({ length: random.below(5) }, (_, index) => {
    const key = random.oneIn(3) ? `k${index}` : pick(random, random.oneIn(4) ? memberKeys : memberKeys.slice(0, 6));
    return `${space(random)}"${key}"${space(random)}:${space(random)}${member()}${space(random)}`;
  });
  return `{${members.join(",")}}`;
}

const pieces = [
  '\\"',
  "\\\\",
  "\\/",
  "\\b\\f\\n\\r\\t",
  "\\u0041",
  "\\u00e9",
  "\\u20AC",
  "\\uD83D\\uDE00",
  "\\u0000",
  "é",
  "日本",
  "😀",
  "\u007f",
  "\u0080",
  "\uffff",
  "\ufeff",
  "/",
  " ",
  "{}[],:",
];

/** A JSON string: mostly plain and short, sometimes with escapes, beyond ASCII, or of the lengths where loops turn. */
export function stringValue(random: Randomness): string {
  let text = random.oneIn(3)
    ? `item-${random.below(20)}`
    : "abcdefghijklmnopqrstuvwxyz0123456789".repeat(8).slice(0, random.length());
  for (let count = random.oneIn(3) ? random.below(4) : 0; count > 0; count--) {
    const at = random.below(text.length + 1);
    // Not between a backslash and what it escapes.
    if (!text.slice(0, at).includes("\\")) text = text.slice(0, at) + pick(random, pieces) + text.slice(at);
  }
  if (random.oneIn(40)) text += pick(random, ["\\uD800", "\\uDC00x", "\\ud83d\\u0041", "\\uDE00\\uD83D"]);
  return `"${text}"`;
}
