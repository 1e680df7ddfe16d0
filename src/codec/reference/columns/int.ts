import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType } from "../../../schema/plan.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { writeInt64BigInt, writeInt64Number } from "./bytes.ts";
import { readExactDecimal } from "./decimal-text.ts";
import { describe } from "./describe.ts";
import { readWholeNumber, wholeNumberOf } from "./whole-number.ts";

type IntType = Extract<ColumnType, { kind: "int" }>;

/**
 * Int8 … UInt64. Takes what JSONEachRow takes: whole numbers, true and false, and text of digits, of `true`, `false`
 * or of nothing (0). A number out of the column's range is rejected; ClickHouse would keep its low bits.
 */
export function compileInt(type: IntType, coercion: "strict" | "lenient"): WriteColumn {
  const { bits, signed } = type;
  const least = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const most = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  const leastSafe = Math.max(Number(least), Number.MIN_SAFE_INTEGER);
  const mostSafe = Math.min(Number(most), Number.MAX_SAFE_INTEGER);
  const store = compileStore(bits, signed);

  function writeExact(out: ByteWriter, value: bigint, found: unknown, context: ValueContext): void {
    if (value < least || value > most) rejectRange(type, found, context);
    if (bits === 64) writeInt64BigInt(out, value);
    else store(out, Number(value));
  }

  return function writeInt(out: ByteWriter, value: unknown, context: ValueContext): void {
    if (typeof value === "number" && Number.isSafeInteger(value) && !context.mayHideFraction()) {
      if (value < leastSafe || value > mostSafe) rejectRange(type, value, context);
      store(out, value);
    } else if (typeof value === "bigint") {
      writeExact(out, value, value, context);
    } else {
      writeExact(out, readInteger(value, context, type, coercion), value, context);
    }
  };
}

/** Stores a safe integer in `bits` bits, two's complement. */
function compileStore(bits: number, signed: boolean): (out: ByteWriter, value: number) => void {
  if (bits === 64) return writeInt64Number;
  return function storeInt(out: ByteWriter, value: number): void {
    out.reserve(4);
    if (bits === 8) out.view.setUint8(out.offset, value);
    else if (bits === 16) out.view.setUint16(out.offset, value, true);
    else if (signed) out.view.setInt32(out.offset, value, true);
    else out.view.setUint32(out.offset, value, true);
    out.offset += bits / 8;
  };
}

/** The integer that stands for a number that is not surely a safe integer, a text or a boolean; else rejects. */
function readInteger(value: unknown, context: ValueContext, type: IntType, coercion: string): bigint {
  switch (typeof value) {
    case "boolean":
      return value ? 1n : 0n;
    case "number":
      return readIntegerNumber(value, context, type, coercion);
    case "string":
      return readIntegerText(value, context, type, coercion);
    default:
      return rejectField("field_type", `${describe(value, context)} for ${type.text}, which takes a whole number`);
  }
}

function readIntegerNumber(value: number, context: ValueContext, type: IntType, coercion: string): bigint {
  const whole = readWholeNumber(value, context) ?? rejectRange(type, value, context);
  if (whole.inexact && coercion !== "lenient") {
    const found = describe(value, context);
    return rejectField("field_type", `${found} has a fraction; ${type.text} takes a whole number`);
  }
  if (whole.inexact) context.coerced();
  return whole.value;
}

function readIntegerText(value: string, context: ValueContext, type: IntType, coercion: string): bigint {
  if (coercion === "lenient") context.coerced();
  if (/^[+-]?\d+$/.test(value)) {
    if (!type.signed && value.startsWith("-")) return rejectRange(type, value, context);
    return BigInt(value.startsWith("+") ? value.slice(1) : value);
  }
  if (value === "" || value === "false") return 0n;
  if (value === "true") return 1n;
  if (coercion === "lenient") {
    const text = value.trim();
    if (readExactDecimal(text) !== undefined) return (wholeNumberOf(text) ?? rejectRange(type, value, context)).value;
  }
  return rejectField("field_format", `${describe(value, context)} for ${type.text}, which takes a whole number`);
}

function rejectRange(type: IntType, value: unknown, context: ValueContext): never {
  return rejectField("field_range", `${describe(value, context)} does not fit ${type.text}`);
}
