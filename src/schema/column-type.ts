import { MillraceError } from "../core/errors.ts";
import type { ColumnType } from "./plan.ts";

/**
 * Parses a ClickHouse type as `system.columns` prints it.
 *
 * `columnName` only names the column in the error. Throws `E_PLAN` for a type that Millrace cannot write, with the
 * reason: whoever owns the table then knows whether to change the type or to leave the column out of the pipeline.
 */
export function parseColumnType(text: string, columnName?: string): ColumnType {
  const scan: Scan = { text, offset: 0, where: columnName === undefined ? "" : `Column ${columnName}: ` };
  const type = readType(scan);
  if (scan.offset !== text.length) refuse(scan, text, "the text after the type is not understood");
  return type;
}

/** True when a value of this type can be NULL. */
export function isNullable(type: ColumnType): boolean {
  return type.kind === "nullable" || (type.kind === "lowCardinality" && isNullable(type.inner));
}

/** The type without Nullable and LowCardinality around it. */
export function bareType(type: ColumnType): ColumnType {
  return type.kind === "nullable" || type.kind === "lowCardinality" ? bareType(type.inner) : type;
}

/** The same type, with `timeZone` wherever a DateTime or DateTime64 names none: there the server's own zone counts. */
export function withTimeZone(type: ColumnType, timeZone: string): ColumnType {
  switch (type.kind) {
    case "dateTime":
    case "dateTime64":
      return type.timeZone === undefined ? { ...type, timeZone } : type;
    case "nullable":
    case "lowCardinality":
    case "array":
    case "map":
      return { ...type, inner: withTimeZone(type.inner, timeZone) };
    default:
      return type;
  }
}

interface Scan {
  text: string;
  offset: number;
  where: string;
}

const simpleTypes: Record<string, Omit<ColumnType, "text">> = {
  Float32: { kind: "float", bits: 32 } as never,
  Float64: { kind: "float", bits: 64 } as never,
  Bool: { kind: "bool" },
  String: { kind: "string" },
  UUID: { kind: "uuid" },
  Date: { kind: "date" },
  Date32: { kind: "date32" },
  IPv4: { kind: "ipv4" },
  IPv6: { kind: "ipv6" },
};

const refusals: Record<string, string> = {
  Int128: "only integers of up to 64 bits are written",
  Int256: "only integers of up to 64 bits are written",
  UInt128: "only integers of up to 64 bits are written",
  UInt256: "only integers of up to 64 bits are written",
  Decimal128: "only decimals of up to 18 digits are written",
  Decimal256: "only decimals of up to 18 digits are written",
  SimpleAggregateFunction: "an insert could fill it, but this version does not write the type",
  AggregateFunction: "it holds states of an aggregation, which a view makes out of rows; no document has them",
  Tuple: "tuples are not written; a String column takes a sub-document as its text",
  Nested: "nested columns are not written; use Array columns",
  JSON: "the JSON type is not written; a String column takes a sub-document as its text",
  Variant: "a variant does not say which of its types a value has",
  Dynamic: "a dynamic column does not say which type a value has",
};

function readType(scan: Scan): ColumnType {
  const start = scan.offset;
  const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(scan.text.slice(scan.offset))?.[0] ?? "";
  scan.offset += name.length;
  const type = readNamed(scan, name);
  return { text: scan.text.slice(start, scan.offset), ...type } as ColumnType;
}

function readNamed(scan: Scan, name: string): Omit<ColumnType, "text"> {
  const integer = /^(U?)Int(8|16|32|64)$/.exec(name);
  if (integer !== null) return { kind: "int", bits: Number(integer[2]), signed: integer[1] === "" } as never;
  const simple = Object.hasOwn(simpleTypes, name) ? simpleTypes[name] : undefined;
  if (simple !== undefined) return simple;
  switch (name) {
    case "FixedString":
      return { kind: "fixedString", length: readParameters(scan, 1, 1)[0]! } as never;
    case "Decimal":
    case "Decimal32":
    case "Decimal64":
      return readDecimal(scan, name);
    case "DateTime":
      return { kind: "dateTime", timeZone: take(scan, "(") ? readZone(scan) : undefined } as never;
    case "DateTime64":
      return readDateTime64(scan);
    case "Enum8":
    case "Enum16":
      return { kind: "enum", bits: name === "Enum8" ? 8 : 16, values: readEnumValues(scan) } as never;
    case "Nullable":
    case "LowCardinality":
    case "Array":
      return readWrapper(scan, name);
    case "Map":
      return readMap(scan);
    default:
      return refuse(
        scan,
        name,
        (Object.hasOwn(refusals, name) ? refusals[name] : undefined) ?? "this type is not known",
      );
  }
}

function readWrapper(scan: Scan, name: string): Omit<ColumnType, "text"> {
  expect(scan, "(");
  const inner = readType(scan);
  expect(scan, ")");
  const kind = name === "Nullable" ? "nullable" : name === "Array" ? "array" : "lowCardinality";
  return { kind, inner } as never;
}

function readMap(scan: Scan): Omit<ColumnType, "text"> {
  expect(scan, "(");
  const key = readType(scan);
  // JSON keys are text; a key of another type would have to be parsed, and no document says how.
  if (bareType(key).kind !== "string" || isNullable(key)) {
    refuse(scan, `Map(${key.text}, …)`, "the keys of a JSON object are text, so only Map(String, T) is written");
  }
  expect(scan, ",");
  const inner = readType(scan);
  expect(scan, ")");
  return { kind: "map", inner } as never;
}

function readDecimal(scan: Scan, name: string): Omit<ColumnType, "text"> {
  const numbers = name === "Decimal" ? readParameters(scan, 1, 2) : readParameters(scan, 1, 1);
  const precision = name === "Decimal32" ? 9 : name === "Decimal64" ? 18 : numbers[0]!;
  const scale = name === "Decimal" ? (numbers[1] ?? 0) : numbers[0]!;
  if (precision > 18) refuse(scan, `Decimal(${precision}, ${scale})`, "only decimals of up to 18 digits are written");
  return { kind: "decimal", precision, scale, bits: precision <= 9 ? 32 : 64 } as never;
}

function readDateTime64(scan: Scan): Omit<ColumnType, "text"> {
  expect(scan, "(");
  const scale = readNumber(scan);
  const timeZone = take(scan, ",") ? readZone(scan) : undefined;
  if (timeZone === undefined) expect(scan, ")");
  return { kind: "dateTime64", scale, timeZone } as never;
}

function readZone(scan: Scan): string {
  const zone = readQuoted(scan);
  expect(scan, ")");
  return zone;
}

function readEnumValues(scan: Scan): { name: string; value: number }[] {
  const values: { name: string; value: number }[] = [];
  expect(scan, "(");
  do {
    const name = readQuoted(scan);
    expect(scan, "=");
    values.push({ name, value: readNumber(scan) });
  } while (take(scan, ","));
  expect(scan, ")");
  return values;
}

function readParameters(scan: Scan, least: number, most: number): number[] {
  expect(scan, "(");
  const numbers = [readNumber(scan)];
  while (take(scan, ",")) numbers.push(readNumber(scan));
  expect(scan, ")");
  if (numbers.length < least || numbers.length > most) refuse(scan, scan.text, "it has the wrong number of parameters");
  return numbers;
}

function readNumber(scan: Scan): number {
  skipSpaces(scan);
  const digits = /^-?\d+/.exec(scan.text.slice(scan.offset))?.[0];
  if (digits === undefined) return refuse(scan, scan.text, `a number is expected at character ${scan.offset + 1}`);
  scan.offset += digits.length;
  return Number(digits);
}

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", "0": "\0", b: "\b", f: "\f", a: "\x07", v: "\v" };

/** A quoted name; ClickHouse escapes the quote and control characters with a backslash. */
function readQuoted(scan: Scan): string {
  skipSpaces(scan);
  if (scan.text[scan.offset] !== "'") refuse(scan, scan.text, `a quote is expected at character ${scan.offset + 1}`);
  let name = "";
  for (let i = scan.offset + 1; i < scan.text.length; i++) {
    const character = scan.text[i]!;
    if (character === "\\") {
      const escaped = scan.text[++i] ?? "";
      const hex = escaped === "x" ? /^[0-9A-Fa-f]{2}/.exec(scan.text.slice(i + 1))?.[0] : undefined;
      name += hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (escapes[escaped] ?? escaped);
      i += hex?.length ?? 0;
    } else if (character === "'" && scan.text[i + 1] === "'") {
      name += scan.text[i++];
    } else if (character === "'") {
      scan.offset = i + 1;
      return name;
    } else {
      name += character;
    }
  }
  return refuse(scan, scan.text, "a quoted name has no end");
}

function skipSpaces(scan: Scan): void {
  while (scan.text[scan.offset] === " ") scan.offset++;
}

function take(scan: Scan, character: string): boolean {
  const start = scan.offset;
  skipSpaces(scan);
  if (scan.text[scan.offset] !== character) {
    scan.offset = start;
    return false;
  }
  scan.offset++;
  skipSpaces(scan);
  return true;
}

function expect(scan: Scan, character: string): void {
  if (!take(scan, character)) refuse(scan, scan.text, `"${character}" is expected at character ${scan.offset + 1}`);
}

function refuse(scan: Scan, type: string, reason: string): never {
  const inside = type === scan.text ? "" : ` (in ${scan.text})`;
  throw new MillraceError(
    "E_PLAN",
    `${scan.where}type ${type}${inside} cannot be written: ${reason}. ` +
      "Change the column's type; or let ClickHouse compute it from a String column that takes the value as text " +
      `(\`${scan.text} MATERIALIZED …\`: computed columns are left to ClickHouse); or give it a DEFAULT and mark it ` +
      "`omit: true` in the pipeline; or remove it.",
  );
}
