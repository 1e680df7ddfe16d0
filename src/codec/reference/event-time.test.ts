import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../core/byte-writer.ts";
import type { ColumnType } from "../../schema/plan.ts";
import { column } from "../testing/plan.ts";
import { compileColumn } from "./columns/compile.ts";
import { compileReadTimeMs } from "./event-time.ts";

const dateTime64 = (scale: number): ColumnType => ({
  text: `DateTime64(${scale})`,
  kind: "dateTime64",
  scale,
  timeZone: undefined,
});
const date: ColumnType = { text: "Date", kind: "date" };
const date32: ColumnType = { text: "Date32", kind: "date32" };
const dateTime: ColumnType = { text: "DateTime", kind: "dateTime", timeZone: undefined };

describe("compileReadTimeMs()", () => {
  it.each<[ColumnType, string, string]>([
    [date, "2024-02-29", "2024-02-29T00:00:00.000Z"],
    [date32, "1925-01-01", "1925-01-01T00:00:00.000Z"],
    [dateTime, "2024-02-29 12:34:56", "2024-02-29T12:34:56.000Z"],
    [dateTime64(0), "2024-02-29 12:34:56", "2024-02-29T12:34:56.000Z"],
    [dateTime64(3), "2024-02-29 12:34:56.789", "2024-02-29T12:34:56.789Z"],
    [dateTime64(3), "1950-02-28 12:34:56.789", "1950-02-28T12:34:56.789Z"],
    [dateTime64(6), "2024-02-29 12:34:56.789999", "2024-02-29T12:34:56.789Z"],
    [dateTime64(9), "2024-02-29 12:34:56.789999999", "2024-02-29T12:34:56.789Z"],
    [{ text: "Nullable(Date)", kind: "nullable", inner: date }, "2024-02-29", "2024-02-29T00:00:00.000Z"],
    [{ text: "LowCardinality(Date)", kind: "lowCardinality", inner: date }, "2024-02-29", "2024-02-29T00:00:00.000Z"],
  ])("reads back what the column writer wrote: $text", (type, text, expected) => {
    const out = new ByteWriter(16);
    const written = column("t", type, { timeFormat: "auto" });
    compileColumn(written)(out, text, {
      sourceText: () => undefined,
      mayHideFraction: () => false,
      isFloat: () => false,
      coerced: () => {},
    });
    const timeMs = compileReadTimeMs(type)!(out.view, 0);
    // Nanoseconds beyond 2^53 are rounded to a double before the division.
    expect(Math.abs(timeMs - Date.parse(expected))).toBeLessThanOrEqual(type.text === "DateTime64(9)" ? 1 : 0);
  });

  it("a null has no time, and other types are no times", () => {
    const nullable: ColumnType = { text: "Nullable(Date)", kind: "nullable", inner: date };
    expect(compileReadTimeMs(nullable)!(new DataView(Uint8Array.of(1).buffer), 0)).toBeNaN();
    expect(compileReadTimeMs({ text: "String", kind: "string" })).toBeUndefined();
  });
});
