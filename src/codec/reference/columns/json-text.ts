import { rejectField } from "../column.ts";
import { Timestamp } from "../time/timestamp.ts";

/**
 * JSON text of a decoded value, for a String column whose document was not JSON text (MessagePack). Integers of
 * 64 bits keep all digits. PRECONDITION: depth is bounded by the decoder.
 */
export function jsonText(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) {
    return rejectField("field_type", "bytes inside a sub-document, which have no JSON text");
  }
  if (Array.isArray(value)) return `[${value.map((element) => jsonText(element ?? null)).join(",")}]`;
  if (value instanceof Timestamp) return `"${value}"`;
  if (typeof value === "object" && value !== null) {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    return `{${entries.map(([key, inner]) => `${JSON.stringify(String(key))}:${jsonText(inner ?? null)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
