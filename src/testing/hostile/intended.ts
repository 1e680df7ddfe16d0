import { readExactDecimal, scaleExactDecimal } from "../../codec/reference/columns/decimal-text.ts";
import { intendedDifferences } from "../../codec/reference/columns/testing/intended-differences.ts";
import { bareType, parseColumnType } from "../../schema/column-type.ts";
import type { ColumnType } from "../../schema/plan.ts";
import type { Leaf } from "./leaves.ts";
import { isCalendarTime, readsPlainly } from "./plain-times.ts";

/**
 * Which values Millrace may reject although ClickHouse stores something: the families of README's table (the data that
 * scripts/doc-tables.ts prints), each with a test of its own of what its reason says. A family that is struck from the
 * table is struck here.
 */
const documented = new Set(
  intendedDifferences.map(({ type, millrace }) => `${familyOf(parseColumnType(type))} ${millrace}`),
);

const documentsNullOfEnum = intendedDifferences.some(
  ({ type, input }) => input === "null" && familyOf(parseColumnType(type)) === "enum",
);

/** Types that share a writer. */
function familyOf(type: ColumnType): string {
  const { kind } = bareType(type);
  return { dateTime64: "dateTime", date32: "date", fixedString: "string" }[kind as string] ?? kind;
}

/** True when the table of differences has such a rejection and the value is of the kind that its reason names. */
export function isIntendedRejection({ type, text }: Leaf, errorType: string): boolean {
  // A null stands for a default, whatever else is wrong in the array around it.
  if (text === "null") return false;
  const name = `${familyOf(type)} ${errorType}`;
  const test = tests[name];
  return documented.has(name) && (test?.(type, text, unquoted(text)) ?? false);
}

/** ClickHouse stores the number 0 for a null, whether the Enum has it or not; Millrace the Enum's default. */
export function isNullOfEnum({ type, text }: Leaf): boolean {
  return type.kind === "enum" && text === "null" && documentsNullOfEnum;
}

type Test = (type: ColumnType, json: string, plain: string) => boolean;

const tests: Record<string, Test> = {
  "int field_range": (type, _, plain) => type.kind === "int" && isBeyondInt(type, plain),
  "enum field_range": (type, json) => type.kind === "enum" && isBeyondInt({ bits: type.bits, signed: true }, json),
  "float field_range": (type, _, plain) =>
    type.kind === "float" &&
    Math.abs(type.bits === 32 ? Math.fround(Number(plain)) : Number(plain)) === Number.POSITIVE_INFINITY,
  "float field_format": (_, __, plain) => Number.isNaN(Number(plain)) && !/^[+-]?(inf|infinity|nan)$/i.test(plain),
  "decimal field_format": (_, __, plain) => !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain),
  "date field_range": (type, json, plain) => !isInRange(type, json, plain),
  "date field_format": (_, __, plain) => !isCalendarTime(plain),
  "date field_type": (_, json) => json === "true" || json === "false",
  "dateTime field_range": (type, json, plain) => !isInRange(type, json, plain),
  "dateTime field_format": (_, __, plain) => !isCalendarTime(plain) || !readsPlainly(plain),
  "ipv4 field_format": (_, __, plain) => plain.split(".").some((part) => part.length > 3),
  "ipv6 field_format": (_, __, plain) =>
    /:::|[^:]:$/.test(plain) ||
    (plain.includes("::") && plain.split(":").filter((group) => group !== "").length >= 7) ||
    /\d{4,}\.|\.\d{4,}/.test(plain),
  "string field_format": (_, json, plain) => json.startsWith('"') && !plain.isWellFormed(),
};

function unquoted(json: string): string {
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

/** What is no number is beyond nothing: it has to be refused for another reason. */
function isBeyondInt({ bits, signed }: { bits: number; signed: boolean }, plain: string): boolean {
  const decimal = readExactDecimal(plain);
  if (decimal === undefined) return false;
  const whole = scaleExactDecimal(decimal, 0, "truncate")?.value;
  const most = 2n ** BigInt(signed ? bits - 1 : bits);
  return whole === undefined || whole >= most || whole < (signed ? -most : 0n);
}

const dayMs = 86_400_000;
const ranges = {
  date: [0, 65_536 * dayMs],
  date32: [Date.UTC(1900, 0, 1), Date.UTC(2300, 0, 1)],
  dateTime: [0, 2 ** 32 * 1_000],
  dateTime64: [Date.UTC(1900, 0, 1), Date.UTC(2300, 0, 1)],
} as const;

/** Surely within the type's range: two days from its ends, where offsets, zones and fractions do not matter. */
function isInRange(type: ColumnType, json: string, plain: string): boolean {
  if (type.kind !== "date" && type.kind !== "date32" && type.kind !== "dateTime" && type.kind !== "dateTime64") {
    return true;
  }
  const ms = json.startsWith('"') ? textMs(plain) : countMs(type, Number(plain));
  const [least, end] = ranges[type.kind];
  const isSmall = type.kind !== "dateTime64" || type.scale < 9 || Math.abs(ms) < 2 ** 63 / 1e6 - 2 * dayMs;
  return isSmall && ms >= least + 2 * dayMs && ms < end - 2 * dayMs;
}

function countMs(type: ColumnType, count: number): number {
  if (type.kind === "date" || type.kind === "date32") return count * dayMs;
  return type.kind === "dateTime64" ? count * 10 ** (3 - type.scale) : count * 1_000;
}

function textMs(plain: string): number {
  const digits = /^(\d+)(\.\d*)?$/.exec(plain)?.[1]?.length ?? 0;
  const unitMs = { 9: 1_000, 10: 1_000, 13: 1, 16: 1e-3, 19: 1e-6 }[digits];
  if (unitMs !== undefined) return Number(plain) * unitMs;
  const [, year, month, day] = /^ *(\d{4})\D?(\d{1,2})\D?(\d{1,2})/.exec(plain) ?? [];
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  return Number(year) < 100 ? Number.NEGATIVE_INFINITY : Date.UTC(Number(year), Number(month) - 1, Number(day));
}
