import { decodeDocument } from "../../codec/reference/document.ts";
import { textOf } from "../../ingest/dead-letters/raw-text.ts";

/** What a person, or a filter, sees of a record's value: a document, a text, or bytes that are neither; null: a tombstone. */
export type ShownValue = { document: Readonly<Record<string, unknown>> } | { text: string } | { base64: string } | null;

/** Decodes as the ingester does: JSON, JSON inside a JSON string, MessagePack. What is none of these stays as it is. */
export function decodeValue(value: Uint8Array | undefined): ShownValue {
  if (value === undefined) return null;
  try {
    const decoded = { document: {}, jsonText: undefined, wholeFloats: undefined, isUnwrapped: false };
    decodeDocument(value, "auto", decoded);
    return { document: decoded.document };
  } catch {
    const text = textOf(value);
    return text === undefined ? { base64: Buffer.from(value).toString("base64") } : { text };
  }
}

/** Plain JSON of a document: MessagePack may have bytes, times and large numbers in it. */
export function plainJson(document: unknown): unknown {
  if (typeof document === "bigint") return document.toString();
  if (document instanceof Uint8Array) return Buffer.from(document).toString("base64");
  if (Array.isArray(document)) return document.map(plainJson);
  if (typeof document !== "object" || document === null) return document;
  if (Object.getPrototypeOf(document) !== Object.prototype && Object.getPrototypeOf(document) !== null)
    return String(document);
  return Object.fromEntries(Object.entries(document).map(([name, value]) => [name, plainJson(value)]));
}
