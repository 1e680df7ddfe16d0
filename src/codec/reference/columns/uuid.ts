import type { ByteWriter } from "../../../core/byte-writer.ts";
import { rejectField, type ValueContext } from "../column.ts";
import { describe } from "./describe.ts";

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$|^[0-9a-f]{32}$/i;

/** UUID, with its four dashes or with none. RowBinary keeps it as two little-endian 64-bit halves. */
export function writeUuid(out: ByteWriter, value: unknown, context: ValueContext): void {
  if (typeof value !== "string") rejectField("field_type", `${describe(value, context)} for UUID, which takes text`);
  if (!pattern.test(value)) rejectField("field_format", `${describe(value, context)} is not a UUID`);
  const digits = value.replaceAll("-", "");
  out.reserve(16);
  for (let i = 0; i < 16; i++) {
    const half = i < 8 ? 7 - i : 23 - i;
    out.bytes[out.offset + half] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  }
  out.offset += 16;
}
