import type { ByteWriter } from "../../../core/byte-writer.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { writeByte } from "./bytes.ts";
import { describe } from "./describe.ts";
import { readWholeNumber } from "./whole-number.ts";

const taken = "which takes true, false, 1 or 0";

/** Bool: true, false, 1 and 0; in lenient mode also the same as text. */
export function compileBool(coercion: "strict" | "lenient"): WriteColumn {
  return function writeBool(out: ByteWriter, value: unknown, context: ValueContext): void {
    writeByte(out, readBool(value, context, coercion) ? 1 : 0);
  };
}

function readBool(value: unknown, context: ValueContext, coercion: "strict" | "lenient"): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value === "number" || typeof value === "bigint") return readBoolNumber(value, context);
  const detail = `${describe(value, context)} for Bool, ${taken}`;
  if (coercion === "strict" || typeof value !== "string") return rejectField("field_type", detail);
  const text = value.trim().toLowerCase();
  if (!["true", "1", "false", "0"].includes(text)) return rejectField("field_format", detail);
  context.coerced();
  return text === "true" || text === "1";
}

function readBoolNumber(value: number | bigint, context: ValueContext): boolean {
  const whole = readWholeNumber(value, context);
  if (whole?.inexact === false && (whole.value === 0n || whole.value === 1n)) return whole.value === 1n;
  return rejectField("field_range", `${describe(value, context)} for Bool, ${taken}`);
}
