import type { ByteWriter } from "../../../core/byte-writer.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { writeByte } from "./bytes.ts";
import { describe } from "./describe.ts";

/** Bool: true, false, 1 and 0; in lenient mode also the same as text. */
export function compileBool(coercion: "strict" | "lenient"): WriteColumn {
  return function writeBool(out: ByteWriter, value: unknown, context: ValueContext): void {
    if (value === true || value === 1 || value === 1n) return writeByte(out, 1);
    if (value === false || value === 0 || value === 0n) return writeByte(out, 0);
    if (typeof value === "number" || typeof value === "bigint") {
      rejectField("field_range", `${describe(value)} for Bool, which takes true, false, 1 or 0`);
    }
    if (coercion === "lenient" && typeof value === "string") {
      const text = value.trim().toLowerCase();
      if (text === "true" || text === "1" || text === "false" || text === "0") {
        context.coerced();
        return writeByte(out, text === "true" || text === "1" ? 1 : 0);
      }
      rejectField("field_format", `${describe(value)} for Bool, which takes true, false, 1 or 0`);
    }
    rejectField("field_type", `${describe(value)} for Bool, which takes true, false, 1 or 0`);
  };
}
