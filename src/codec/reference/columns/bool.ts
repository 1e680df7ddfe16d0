import type { ByteWriter } from "../../../core/byte-writer.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { writeByte } from "./bytes.ts";
import { describe } from "./describe.ts";

/** Bool: true, false, 1 and 0; in lenient mode also the same as text. */
export function compileBool(coercion: "strict" | "lenient"): WriteColumn {
  return function writeBool(out: ByteWriter, value: unknown, context: ValueContext): void {
    writeByte(out, readBool(value, context, coercion) ? 1 : 0);
  };
}

function readBool(value: unknown, context: ValueContext, coercion: "strict" | "lenient"): boolean {
  if (value === true || value === 1 || value === 1n) return true;
  if (value === false || value === 0 || value === 0n) return false;
  const detail = `${describe(value)} for Bool, which takes true, false, 1 or 0`;
  if (typeof value === "number" || typeof value === "bigint") return rejectField("field_range", detail);
  if (coercion === "strict" || typeof value !== "string") return rejectField("field_type", detail);
  const text = value.trim().toLowerCase();
  if (!["true", "1", "false", "0"].includes(text)) return rejectField("field_format", detail);
  context.coerced();
  return text === "true" || text === "1";
}
