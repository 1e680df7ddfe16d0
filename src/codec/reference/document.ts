import { Unpackr } from "msgpackr/unpack";
import type { TablePlan } from "../../schema/plan.ts";
import { rejectField } from "./column.ts";
import { findJsonError } from "./json-error.ts";
import { isNestedTooDeep, messagePackLevelsMax } from "./message-pack-depth.ts";
import { type Document, isDocument } from "./path.ts";

/** A decoded value. One object per transcoder, filled anew for each record. */
export interface Decoded {
  document: Document;
  /** The JSON text that `document` was parsed from; undefined for MessagePack. */
  jsonText: string | undefined;
  /** The document was JSON text inside a JSON string. */
  isUnwrapped: boolean;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

// Integers beyond 2^53 come as bigint, so none is rounded.
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "auto" });

/**
 * Decodes a record's value into `decoded`.
 *
 * @throws FieldError `null_value`, `empty_value`, `invalid_utf8`, `json_parse_failed`, `json_not_object`,
 * `msgpack_parse_failed`, `msgpack_not_map`, `nesting_too_deep`.
 */
export function decodeDocument(value: Uint8Array | null, codec: TablePlan["codec"], decoded: Decoded): void {
  if (value === null) rejectField("null_value", "the record has no value (a tombstone)");
  if (value.length === 0) rejectField("empty_value", "the record's value has no bytes");
  decoded.isUnwrapped = false;
  if (codec === "msgpack" || (codec === "auto" && isMessagePackMap(value[0]!))) decodeMessagePack(value, decoded);
  else decodeJson(value, decoded);
}

/** fixmap, map 16, map 32. No JSON text begins so: 0x80 to 0x8f continue a UTF-8 sequence, 0xde and 0xdf start no ASCII. */
function isMessagePackMap(firstByte: number): boolean {
  return (firstByte >= 0x80 && firstByte <= 0x8f) || firstByte === 0xde || firstByte === 0xdf;
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
  if (isNestedTooDeep(value)) {
    rejectField("nesting_too_deep", `the value is MessagePack with more than ${messagePackLevelsMax} levels`);
  }
  let parsed: unknown;
  try {
    parsed = unpackr.unpack(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    rejectField("msgpack_parse_failed", `the value of ${value.length} bytes is not MessagePack: ${reason}`);
  }
  if (!isDocument(parsed)) rejectField("msgpack_not_map", `the value is MessagePack, but ${kindOf(parsed)}, not a map`);
  decoded.document = parsed;
  decoded.jsonText = undefined;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (value instanceof Uint8Array) return "binary";
  return `a ${typeof value}`;
}
