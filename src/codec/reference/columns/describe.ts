import type { ValueContext } from "../column.ts";
import { Timestamp } from "../time/timestamp.ts";
import { numberText } from "./number-text.ts";

/**
 * Names what a document held, for the message of a rejection: a number by its own text where the document has one, as its
 * double may look like another. Long text is cut: the dead letter has the whole record.
 */
export function describe(value: unknown, context: ValueContext): string {
  if (value === null) return "null";
  if (typeof value === "string") return `the text ${JSON.stringify(cut(value))}`;
  if (typeof value === "number" || typeof value === "bigint") {
    return `the number ${cut(numberText(value, context))}`;
  }
  if (typeof value === "boolean") return String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Timestamp) return `the timestamp ${value}`;
  return Array.isArray(value) ? "an array" : "an object";
}

function cut(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}
