import type { TablePlan } from "../../schema/plan.ts";
import { rejectField } from "./column.ts";
import { findJsonError } from "./json-error.ts";
import { isMessagePack, readMessagePack } from "./message-pack.ts";
import { type Document, isDocument } from "./path.ts";
import { Timestamp } from "./time/timestamp.ts";

/** A decoded value. One object per transcoder, filled anew for each record. */
export interface Decoded {
  document: Document;
  /** The JSON text that `document` was parsed from; undefined for MessagePack. */
  jsonText: string | undefined;
  /** Whole numbers that the document holds as floats; undefined without any, and for JSON, whose text tells. */
  wholeFloats: Set<number> | undefined;
  /** The document was JSON text inside a JSON string. */
  isUnwrapped: boolean;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes a record's value into `decoded`.
 *
 * @throws FieldError `null_value`, `empty_value`, `invalid_utf8`, `json_parse_failed`, `json_not_object`,
 * `msgpack_parse_failed`, `msgpack_not_map`, `msgpack_extension`, `nesting_too_deep`.
 */
export function decodeDocument(value: Uint8Array | null, codec: TablePlan["codec"], decoded: Decoded): void {
  if (value === null) rejectField("null_value", "the record has no value (a tombstone)");
  if (value.length === 0) rejectField("empty_value", "the record's value has no bytes");
  decoded.isUnwrapped = false;
  decoded.wholeFloats = undefined;
  if (codec === "msgpack" || (codec === "auto" && isMessagePack(value[0]!))) decodeMessagePack(value, decoded);
  else decodeJson(value, decoded);
}

function decodeJson(value: Uint8Array, decoded: Decoded): void {
  let text: string;
  try {
    text = utf8.decode(value);
  } catch {
    rejectField("invalid_utf8", `the value of ${value.length} bytes is not UTF-8`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    const position = findJsonError(text);
    const found = position < text.length ? `unexpected ${JSON.stringify(text[position])}` : "the text ends too early";
    rejectField("json_parse_failed", `not JSON: ${found} at character ${position} of ${text.length}`);
  }
  if (typeof parsed === "string") {
    const inner = unwrap(parsed);
    if (inner !== undefined) {
      decoded.isUnwrapped = true;
      decoded.document = inner;
      decoded.jsonText = parsed;
      return;
    }
  }
  if (!isDocument(parsed)) rejectField("json_not_object", `the value is JSON, but ${kindOf(parsed)}, not an object`);
  decoded.document = parsed;
  decoded.jsonText = text;
}

/** The object in a string that holds one (a producer that encoded twice, S2-4). Once only: a third layer stays text. */
function unwrap(text: string): Document | undefined {
  if (!/^[ \t\r\n]*\{/.test(text)) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isDocument(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function decodeMessagePack(value: Uint8Array, decoded: Decoded): void {
  const { content, wholeFloats } = readMessagePack(value);
  if (!isDocument(content))
    rejectField("msgpack_not_map", `the value is MessagePack, but ${kindOf(content)}, not a map`);
  decoded.document = content;
  decoded.jsonText = undefined;
  decoded.wholeFloats = wholeFloats;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value instanceof Uint8Array) return "binary";
  if (value instanceof Timestamp) return "a timestamp";
  return `a ${typeof value}`;
}
