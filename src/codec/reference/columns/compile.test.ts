import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../../core/byte-writer.ts";
import { parseColumnType } from "../../../schema/column-type.ts";
import type { PlanColumn } from "../../../schema/plan.ts";
import { FieldError } from "../column.ts";
import { Timestamp } from "../time/timestamp.ts";
import { compileColumn } from "./compile.ts";
import { isFloatText } from "./number-text.ts";

/** What the oracle test cannot reach: MessagePack values, lenient reading and time formats of one's own. */
interface Written {
  hex: string;
  coercions: number;
  error: string;
  detail: string;
}

function write(type: string, value: unknown, options: Partial<PlanColumn> & { sourceText?: string } = {}): Written {
  const { sourceText, ...rest } = options;
  const column: PlanColumn = {
    name: "x",
    type: parseColumnType(type),
    source: { kind: "document", names: ["x"] },
    timeFormat: "auto",
    missing: { kind: "typeDefault" },
    coercion: "strict",
    ...rest,
  };
  const out = new ByteWriter(4);
  const written: Written = { hex: "", coercions: 0, error: "", detail: "" };
  try {
    compileColumn(column)(out, value, {
      sourceText: () => sourceText,
      mayHideFraction: () => true,
      isFloat: () => sourceText !== undefined && isFloatText(sourceText),
      coerced: () => void written.coercions++,
    });
    written.hex = [...out.bytes.subarray(0, out.offset)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    written.error = error.errorType;
    written.detail = error.detail;
  }
  return written;
}

function hexOf(text: string): string {
  return Buffer.from([text.length, ...Buffer.from(text)]).toString("hex");
}

describe("values of MessagePack", () => {
  it.each([
    ["Int64", -(2n ** 63n), "0000000000000080"],
    ["UInt64", 2n ** 64n - 1n, "ffffffffffffffff"],
    ["UInt8", 255n, "ff"],
    ["Float64", Number.POSITIVE_INFINITY, "000000000000f07f"],
    ["Float32", Number.NaN, "0000c07f"],
    ["Decimal(18, 2)", 12.345, "d204000000000000"],
    ["Decimal(18, 0)", 10n ** 17n, "00008a5d78456301"],
    ["String", Uint8Array.of(0, 255, 34), "0300ff22"],
    ["FixedString(3)", Uint8Array.of(255), "ff0000"],
    ["String", 2n ** 63n, "1339323233333732303336383534373735383038"],
    ["String", { a: [1, null, "x\n"] }, "147b2261223a5b312c6e756c6c2c22785c6e225d7d"],
    ["DateTime64(3, 'UTC')", new Timestamp(1_700_000_000, 123_000_000), "7b68e5cf8b010000"],
    ["DateTime64(9, 'UTC')", 1_700_000_000_123_456_789n, "15cd853dfe9c9717"],
    ["DateTime64(9, 'UTC')", new Timestamp(1_700_000_000, 123_456_789), "15cd853dfe9c9717"],
    ["DateTime64(9, 'UTC')", new Timestamp(-1, 999_999_999), "ffffffffffffffff"],
    ["Date", new Timestamp(86_400, 0), "0100"],
    ["String", new Timestamp(1_700_000_000, 123_456_789), hexOf("2023-11-14T22:13:20.123456789Z")],
    ["String", { a: new Timestamp(1_700_000_000, 0) }, hexOf('{"a":"2023-11-14T22:13:20.000Z"}')],
    ["Map(String, Int8)", new Map<unknown, unknown>([[7, 1]]), "01013701"],
    ["Array(Int8)", [undefined, 5], "020005"],
  ])("%s takes %s", (type, value, hex) => {
    expect(write(type, value)).toMatchObject({ hex, coercions: 0, error: "" });
  });

  it.each([
    ["Int64", 2n ** 63n, "field_range"],
    ["UInt64", -1n, "field_range"],
    ["Int32", 1.5, "field_type"],
    ["UInt8", Number.NaN, "field_range"],
    ["Float32", 1e39, "field_range"],
    ["Int32", Uint8Array.of(1), "field_type"],
    ["UUID", Uint8Array.of(1), "field_type"],
    ["Array(Int8)", { length: 1 }, "field_type"],
    ["Map(String, Int8)", [1], "field_type"],
    ["Map(String, Int8)", new Timestamp(0, 0), "field_type"],
    ["String", { a: Uint8Array.of(1) }, "field_type"],
    ["DateTime", new Timestamp(2 ** 33, 0), "field_range"],
    ["DateTime64(3)", new Timestamp(2 ** 60, 0), "field_range"],
    ["Date", new Timestamp(-1, 0), "field_range"],
    ["Int64", new Timestamp(0, 0), "field_type"],
    ["DateTime", Number.NaN, "field_format"],
    ["Date", Number.NaN, "field_format"],
    ["Date", Number.POSITIVE_INFINITY, "field_format"],
    ["Date32", Number.NEGATIVE_INFINITY, "field_format"],
  ])("%s refuses %s", (type, value, error) => {
    expect(write(type, value)).toMatchObject({ hex: "", coercions: 0, error });
  });
});

describe("lenient reading", () => {
  it.each([
    ["Int32", 1234.99, "1234.99", "d2040000"],
    ["Int32", -1.5, "-1.5", "ffffffff"],
    ["Int32", "12.7", undefined, "0c000000"],
    ["Nullable(Int32)", " 5 ", undefined, "0005000000"],
    ["String", 12.5, "12.50", "0531322e3530"],
    ["LowCardinality(String)", 7n, undefined, "0137"],
    ["FixedString(2)", 7, "7", "3700"],
    ["Float64", " 0.5 ", undefined, "000000000000e03f"],
    ["Bool", "true", undefined, "01"],
    ["Decimal(9, 1)", " 1.25", undefined, "0c000000"],
    ["Array(Int8)", ["1", 2], '["1", 2]', "020102"],
  ])("%s takes %s and counts it once", (type, value, sourceText, hex) => {
    const options = sourceText === undefined ? {} : { sourceText };
    expect(write(type, value, { coercion: "lenient", ...options })).toMatchObject({ hex, coercions: 1, error: "" });
  });

  it("counts nothing for a value that fits as it is", () => {
    expect(write("Int32", 5, { coercion: "lenient" }).coercions).toBe(0);
    expect(write("String", "5", { coercion: "lenient" }).coercions).toBe(0);
  });

  it("still refuses what is no number and what does not fit", () => {
    expect(write("Int32", "abc", { coercion: "lenient" }).error).toBe("field_format");
    expect(write("Int8", 128.5, { coercion: "lenient", sourceText: "128.5" }).error).toBe("field_range");
    expect(write("Int8", {}, { coercion: "lenient" }).error).toBe("field_type");
  });
});

describe("a number whose fraction its double has lost", () => {
  it.each([
    ["UInt8", "254.00000000000000000001", "field_type"],
    ["Int16", "3.628635e-344", "field_type"],
    ["Int64", "4503599627370497.5", "field_type"],
    ["Bool", "1.00000000000000000001", "field_range"],
    ["Enum8('a' = 1)", "1.00000000000000000001", "field_range"],
    ["Date", "19000.00000000000000000001", "field_format"],
    ["Date32", "-0.00000000000000000001e-400", "field_format"],
    ["DateTime", "1700000000.00000000000000000001", "field_format"],
    ["DateTime64(6)", "-2050010357999993.123456789", "field_format"],
    ["Date", "1e400", "field_format"],
    ["Date32", "-1e400", "field_format"],
  ])("%s refuses %s", (type, sourceText, error) => {
    expect(write(type, Number(sourceText), { sourceText }).error).toBe(error);
  });

  it("has it cut off in lenient mode, and counted, as every other fraction", () => {
    const options = { coercion: "lenient" as const, sourceText: "254.00000000000000000001" };
    expect(write("UInt8", 254, options)).toMatchObject({ hex: "fe", coercions: 1, error: "" });
  });

  it("is a whole number when there is nothing but zeros after the point", () => {
    for (const sourceText of ["254.000000000000000000000000", "2.54e2", "2540e-1", "0.0254000000000000000000e4"]) {
      expect(write("UInt8", 254, { sourceText }).hex).toBe("fe");
    }
    expect(write("UInt8", -0, { sourceText: "-0" }).hex).toBe("00");
    expect(write("Int8", -0, { sourceText: "-0.0e-400" }).hex).toBe("00");
  });

  it("costs no more the farther it lies from one", () => {
    const sourceText = `[${Array.from({ length: 20_000 }, () => "1e-99999").join()}]`;
    const startedMs = performance.now();
    const { coercions } = write("Array(Int8)", JSON.parse(sourceText), { coercion: "lenient", sourceText });
    expect(coercions).toBe(20_000);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

describe("a rejected number", () => {
  it.each([
    ["Int64", "9223372036854775809"],
    ["UInt64", "36893488147419103233"],
    ["Int32", "9007199254740993"],
    ["Decimal(9, 0)", "9007199254740993"],
    ["Float32", "12345678901234567890123456789012345678901"],
    ["DateTime64(3)", "9007199254740993"],
    ["DateTime", "9007199254740993"],
    ["Date", "9007199254740993"],
    ["Enum8('a' = 1)", "9007199254740993"],
    ["Bool", "9007199254740993"],
    ["IPv4", "9007199254740993"],
    ["UUID", "9007199254740993"],
    ["FixedString(2)", "9007199254740993"],
    ["Map(String, Int8)", "9007199254740993"],
    ["Array(Int8)", "9007199254740993"],
  ])("is quoted as it was written: %s from %s", (type, sourceText) => {
    expect(write(type, Number(sourceText), { sourceText }).detail).toContain(`the number ${sourceText.slice(0, 40)}`);
  });

  it("also in an array, in a map, and for a time by format", () => {
    const sourceText = "9007199254740993";
    const number = Number(sourceText);
    expect(write("Array(Int32)", [number], { sourceText: `[${sourceText}]` }).detail).toContain(sourceText);
    expect(write("Map(String, Int8)", { a: number }, { sourceText: `{"a":${sourceText}}` }).detail).toContain(
      sourceText,
    );
    expect(write("DateTime", number, { sourceText, timeFormat: "epoch_s" }).detail).toContain(sourceText);
    expect(write("DateTime", number, { sourceText, timeFormat: "clf" }).detail).toContain(sourceText);
  });
});

describe("floats as times", () => {
  it.each(["DateTime", "DateTime64(3)", "DateTime64(9)", "Date", "Date32", "Array(DateTime64(3))"])(
    "%s takes none as a count of its own ticks",
    (type) => {
      for (const sourceText of ["1588629559.0", "1.588629559e9", "1588629559.5", "19000.0", "1e3", "0.0", "-0e0"]) {
        const isArray = type.startsWith("Array");
        const value = isArray ? [Number(sourceText)] : Number(sourceText);
        const text = isArray ? `[${sourceText}]` : sourceText;
        expect(write(type, value, { sourceText: text }).error, sourceText).toBe("field_format");
      }
    },
  );

  it.each<[PlanColumn["timeFormat"], string, bigint]>([
    ["epoch_s", "1588629559.0", 1_588_629_559_000_000_000n],
    ["epoch_s", "1588629559.123456789", 1_588_629_559_123_456_789n],
    ["epoch_ms", "1588629559123.456789", 1_588_629_559_123_456_789n],
    ["epoch_us", "1588629559123456.789", 1_588_629_559_123_456_789n],
    ["epoch_ns", "1588629559123456789.0", 1_588_629_559_123_456_789n],
  ])("are counts where the format says so: %s of %s", (timeFormat, sourceText, nanos) => {
    const bytes = Buffer.from(write("DateTime64(9)", Number(sourceText), { timeFormat, sourceText }).hex, "hex");
    expect(bytes.readBigInt64LE()).toBe(nanos);
  });
});

describe("time formats", () => {
  it.each<[string, PlanColumn["timeFormat"], unknown, string | undefined, string]>([
    ["DateTime64(3, 'UTC')", "epoch_ms", 1_700_000_000_123, undefined, "7b68e5cf8b010000"],
    ["DateTime64(6, 'UTC')", "epoch_ms", 1_700_000_000_123, undefined, "78202018240a0600"],
    ["DateTime64(9, 'UTC')", "epoch_s", 1_700_000_000.1234567, "1700000000.123456789", "15cd853dfe9c9717"],
    ["DateTime64(9, 'UTC')", "epoch_ns", 1_700_000_000_123_456_800, "1700000000123456789", "15cd853dfe9c9717"],
    ["DateTime('UTC')", "epoch_ms", "1700000000999", undefined, "00f15365"],
    ["DateTime('UTC')", "clf", "14/Nov/2023:22:13:20 +0000", undefined, "00f15365"],
    ["Date", "rfc3339", "1970-01-01T23:00:00-02:00", undefined, "0100"],
    ["Date32", "epoch_ms", -1, undefined, "ffffffff"],
    ["Array(DateTime('UTC'))", "epoch_s", [1, 2], undefined, "020100000002000000"],
  ])("%s with %s takes %s", (type, timeFormat, value, sourceText, hex) => {
    const options = sourceText === undefined ? {} : { sourceText };
    expect(write(type, value, { timeFormat, ...options })).toMatchObject({ hex, coercions: 0, error: "" });
  });

  it("names the format that would read the text", () => {
    expect(write("DateTime", "Fri, 05 Apr 2024 10:11:12 +0200").detail).toContain("`time: rfc2822`");
    expect(write("DateTime", "05/Apr/2024:10:11:12 +0200").detail).toContain("`time: clf`");
    expect(write("DateTime64(3)", "1588629559.0", { timeFormat: "rfc3339" }).detail).toContain("`time: auto`");
    expect(write("DateTime64(3)", 1_588_629_559, { sourceText: "1588629559.0" }).detail).toContain("epoch_s");
    expect(write("DateTime64(3)", "0001-01-01T00:00:00Z").detail).toContain("placeholderIsNull");
  });

  it("refuses a number where text is agreed on, and text of another format", () => {
    expect(write("DateTime", 1_700_000_000, { timeFormat: "rfc3339" }).error).toBe("field_type");
    expect(write("DateTime", "2024-01-02 03:04:05", { timeFormat: "clf" }).error).toBe("field_format");
    expect(write("DateTime", true, { timeFormat: "epoch_ms" }).error).toBe("field_type");
  });

  it("refuses times that the column cannot hold", () => {
    expect(write("DateTime", -1, { timeFormat: "epoch_s" }).error).toBe("field_range");
    expect(write("DateTime", 1e300, { timeFormat: "epoch_s", sourceText: "1e300" }).error).toBe("field_range");
    expect(write("DateTime64(9)", "2263-01-01T00:00:00Z", { timeFormat: "rfc3339" }).error).toBe("field_range");
    expect(write("DateTime64(3)", "1899-12-31T23:59:59Z", { timeFormat: "rfc3339" }).error).toBe("field_range");
  });
});
