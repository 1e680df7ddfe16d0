import type { ByteWriter } from "../../../core/byte-writer.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { Timestamp } from "../time/timestamp.ts";
import { writeBytes, writeText } from "./bytes.ts";
import { describe } from "./describe.ts";
import { jsonText } from "./json-text.ts";

const encoder = new TextEncoder();

/**
 * String: text as UTF-8, bytes as they are, and anything else as the text that the document had for it, which is
 * what JSONEachRow stores (`1.50` stays `1.50`, the spaces of a sub-document stay).
 */
export function compileString(coercion: "strict" | "lenient"): WriteColumn {
  return function writeString(out: ByteWriter, value: unknown, context: ValueContext): void {
    if (typeof value === "string") {
      writeText(out, checkText(value, context));
    } else if (value instanceof Uint8Array) {
      writeBytes(out, value);
    } else if (value instanceof Timestamp) {
      writeText(out, String(value));
    } else {
      if (coercion === "lenient" && (typeof value === "number" || typeof value === "bigint")) context.coerced();
      writeText(out, context.sourceText() ?? jsonText(value));
    }
  };
}

/** FixedString(N): text or bytes of at most N bytes, filled up with zeros. Numbers only in lenient mode. */
export function compileFixedString(length: number, coercion: "strict" | "lenient"): WriteColumn {
  return function writeFixedString(out: ByteWriter, value: unknown, context: ValueContext): void {
    const bytes = readFixed(value, context, length, coercion);
    if (bytes.length > length) {
      rejectField(
        "field_range",
        `${describe(value, context)} has ${bytes.length} bytes, FixedString(${length}) takes ${length}`,
      );
    }
    out.reserve(length);
    out.bytes.set(bytes, out.offset);
    out.bytes.fill(0, out.offset + bytes.length, out.offset + length);
    out.offset += length;
  };
}

function readFixed(value: unknown, context: ValueContext, length: number, coercion: string): Uint8Array {
  if (typeof value === "string") return encoder.encode(checkText(value, context));
  if (value instanceof Uint8Array) return value;
  if (coercion === "lenient" && (typeof value === "number" || typeof value === "bigint")) {
    context.coerced();
    return encoder.encode(context.sourceText() ?? String(value));
  }
  return rejectField("field_type", `${describe(value, context)} for FixedString(${length}), which takes text`);
}

/** Half of a surrogate pair has no UTF-8; ClickHouse refuses the escape as well. */
function checkText(value: string, context: ValueContext): string {
  if (value.isWellFormed()) return value;
  return rejectField("field_format", `${describe(value, context)} holds half of a surrogate pair`);
}
