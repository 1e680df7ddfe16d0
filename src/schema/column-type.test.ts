import { describe, expect, it } from "vitest";
import { bareType, isNullable, parseColumnType, withTimeZone } from "./column-type.ts";

describe("parseColumnType()", () => {
  it.each([
    ["UInt8", { kind: "int", bits: 8, signed: false }],
    ["Int64", { kind: "int", bits: 64, signed: true }],
    ["Float32", { kind: "float", bits: 32 }],
    ["Decimal(9, 2)", { kind: "decimal", precision: 9, scale: 2, bits: 32 }],
    ["Decimal(10, 2)", { kind: "decimal", precision: 10, scale: 2, bits: 64 }],
    ["Decimal(18)", { kind: "decimal", precision: 18, scale: 0, bits: 64 }],
    ["Decimal32(4)", { kind: "decimal", precision: 9, scale: 4, bits: 32 }],
    ["Decimal64(4)", { kind: "decimal", precision: 18, scale: 4, bits: 64 }],
    ["FixedString(16)", { kind: "fixedString", length: 16 }],
    ["DateTime", { kind: "dateTime", timeZone: undefined }],
    ["DateTime('Asia/Seoul')", { kind: "dateTime", timeZone: "Asia/Seoul" }],
    ["DateTime64(6)", { kind: "dateTime64", scale: 6, timeZone: undefined }],
    ["DateTime64(3, 'UTC')", { kind: "dateTime64", scale: 3, timeZone: "UTC" }],
  ])("reads %s", (text, expected) => {
    expect(parseColumnType(text)).toEqual({ text, ...expected });
  });

  it("reads names of enums with quotes, commas, brackets and escapes in them", () => {
    const type = parseColumnType("Enum16('it\\'s' = -1, 'a, b) = 2' = 300, '\\\\n\\n' = 7, '' = 0)");
    expect(type).toMatchObject({
      kind: "enum",
      bits: 16,
      values: [
        { name: "it's", value: -1 },
        { name: "a, b) = 2", value: 300 },
        { name: "\\n\n", value: 7 },
        { name: "", value: 0 },
      ],
    });
  });

  it("reads nested types and keeps the text of each", () => {
    const type = parseColumnType("Map(LowCardinality(String), Array(Nullable(DateTime64(3, 'UTC'))))");
    expect(type).toMatchObject({
      kind: "map",
      inner: {
        kind: "array",
        text: "Array(Nullable(DateTime64(3, 'UTC')))",
        inner: { kind: "nullable", inner: { kind: "dateTime64", text: "DateTime64(3, 'UTC')" } },
      },
    });
  });

  it.each([
    ["Tuple(a Int8)", "Tuple"],
    ["Int128", "up to 64 bits"],
    ["Decimal(38, 4)", "18 digits"],
    ["Map(UInt64, String)", "Map(String, T)"],
    ["SimpleAggregateFunction(sum, UInt64)", "an insert could fill it, but this version does not write the type"],
    ["AggregateFunction(sum, UInt64)", "states of an aggregation"],
    ["Tuple(a Int8)", "`Tuple(a Int8) MATERIALIZED …`"],
    ["Array(Point)", "not known"],
    ["DateTime64(3", "expected"],
    ["Int8)", "not understood"],
    ["Enum8('a)", "no end"],
    ["toString", "not known"],
  ])("refuses %s by the column's name, with the reason", (text, reason) => {
    expect(() => parseColumnType(text, "price")).toThrow(
      expect.objectContaining({ code: "E_PLAN", message: expect.stringMatching(/^Column price: /) }),
    );
    expect(() => parseColumnType(text, "price")).toThrow(reason);
  });
});

describe("withTimeZone()", () => {
  it("fills in the server's zone at every depth, and keeps a zone of the type's own", () => {
    const type = withTimeZone(parseColumnType("Array(Nullable(DateTime64(3)))"), "Asia/Seoul");
    expect(type).toMatchObject({ inner: { inner: { timeZone: "Asia/Seoul" } } });
    expect(withTimeZone(parseColumnType("DateTime('UTC')"), "Asia/Seoul")).toMatchObject({ timeZone: "UTC" });
  });
});

describe("isNullable() and bareType()", () => {
  it("look through LowCardinality", () => {
    const type = parseColumnType("LowCardinality(Nullable(String))");
    expect(isNullable(type)).toBe(true);
    expect(isNullable(parseColumnType("Array(Nullable(String))"))).toBe(false);
    expect(bareType(type)).toEqual({ text: "String", kind: "string" });
  });
});
