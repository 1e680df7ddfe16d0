import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType } from "../../../schema/plan.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { writeInt64BigInt } from "./bytes.ts";
import { readExactDecimal, scaleExactDecimal } from "./decimal-text.ts";
import { describe } from "./describe.ts";
import { numberText } from "./number-text.ts";

type DecimalType = Extract<ColumnType, { kind: "decimal" }>;

/**
 * Decimal up to 18 digits: the text of the number counts, never the double. Digits beyond the scale are cut off, as
 * JSONEachRow does; a number with more digits before the point than the column has is rejected.
 */
export function compileDecimal(type: DecimalType, coercion: "strict" | "lenient"): WriteColumn {
  const limit = 10n ** BigInt(type.precision);

  return function writeDecimal(out: ByteWriter, value: unknown, context: ValueContext): void {
    const text = readText(value, context, type, coercion);
    // ClickHouse reads an empty text as zero, in every numeric column but floats.
    const decimal = readExactDecimal(text === "" ? "0" : text);
    if (decimal === undefined) {
      const errorType = typeof value === "number" ? "field_range" : "field_format";
      rejectField(errorType, `${describe(value, context)} for ${type.text}, which takes a decimal number`);
    }
    const scaled = scaleExactDecimal(decimal, type.scale, "truncate");
    if (scaled === undefined || scaled.value >= limit || scaled.value <= -limit) {
      rejectField("field_range", `${describe(value, context)} does not fit ${type.text}`);
    }
    if (type.bits === 64) {
      writeInt64BigInt(out, scaled.value);
    } else {
      out.reserve(4);
      out.view.setInt32(out.offset, Number(scaled.value), true);
      out.offset += 4;
    }
  };
}

function readText(value: unknown, context: ValueContext, type: DecimalType, coercion: string): string {
  switch (typeof value) {
    case "number":
    case "bigint":
      return numberText(value, context);
    case "string":
      if (coercion !== "lenient") return value;
      context.coerced();
      return value.trim();
    default:
      return rejectField("field_type", `${describe(value, context)} for ${type.text}, which takes a decimal number`);
  }
}
