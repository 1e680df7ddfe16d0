import { MillraceError } from "../../core/errors.ts";

/** `service=auth`: a field, by its name or its path with dots, has this value. */
export interface Match {
  field: string;
  value: string;
}

/** @throws MillraceError E_CONFIG for a text without `=`, or without a name before it. */
export function parseMatch(text: string): Match {
  const at = text.indexOf("=");
  if (at < 1) {
    throw new MillraceError("E_CONFIG", `--match ${text}: must be a field and its value, such as --match service=auth`);
  }
  return { field: text.slice(0, at).trim(), value: text.slice(at + 1) };
}

/** Whether all hold. A field that is not there is as good as an empty one: `--match user_id=` finds documents without. */
export function matches(document: unknown, wanted: readonly Match[]): boolean {
  return wanted.every(({ field, value }) => textOfField(valueAt(document, field)) === value);
}

function valueAt(document: unknown, field: string): unknown {
  if (typeof document !== "object" || document === null) return undefined;
  if (Object.hasOwn(document, field)) return (document as Record<string, unknown>)[field];
  const dot = field.indexOf(".");
  if (dot === -1) return undefined;
  const inner = Object.hasOwn(document, field.slice(0, dot))
    ? (document as Record<string, unknown>)[field.slice(0, dot)]
    : undefined;
  return valueAt(inner, field.slice(dot + 1));
}

function textOfField(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
