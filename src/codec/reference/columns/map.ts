import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType } from "../../../schema/plan.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { eachMember } from "../json-scan.ts";
import { Timestamp } from "../time/timestamp.ts";
import { writeText, writeVarUInt } from "./bytes.ts";
import { describe } from "./describe.ts";
import { isFloat } from "./number-text.ts";
import { isNullableType, writeTypeDefault } from "./type-default.ts";

/**
 * Map(String, T): a JSON object, its members in the order of the document. ClickHouse keeps a key that occurs twice
 * twice; here the last one counts, as for every other object.
 */
export function compileMap(type: Extract<ColumnType, { kind: "map" }>, writeInner: WriteColumn): WriteColumn {
  const nullable = isNullableType(type.inner);
  return function writeMap(out: ByteWriter, value: unknown, context: ValueContext): void {
    const entries = readEntries(value, context, type);
    writeVarUInt(out, entries.length);
    let texts: Map<string, string> | undefined;
    let current = "";
    const member: ValueContext = {
      sourceText() {
        const text = context.sourceText();
        if (text === undefined) return undefined;
        texts ??= memberTexts(text);
        return texts.get(current);
      },
      mayHideFraction: () => context.mayHideFraction(),
      isFloat: (number) => isFloat(number, member.sourceText(), context),
      coerced: () => context.coerced(),
    };
    for (const [key, inner] of entries) {
      if (!key.isWellFormed())
        rejectField("field_format", `the key ${describe(key, context)} holds half of a surrogate pair`);
      writeText(out, key);
      current = key;
      if (inner === null && !nullable) writeTypeDefault(out, type.inner);
      else writeInner(out, inner, member);
    }
  };
}

function readEntries(value: unknown, context: ValueContext, type: ColumnType): [string, unknown][] {
  if (value instanceof Map) return [...value].map(([key, inner]) => [String(key), inner ?? null]);
  if (
    typeof value !== "object" ||
    value === null ||
    Array.isArray(value) ||
    value instanceof Uint8Array ||
    value instanceof Timestamp
  ) {
    return rejectField("field_type", `${describe(value, context)} for ${type.text}, which takes an object`);
  }
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, inner ?? null]);
  // JavaScript moves keys that look like array indexes to the front; the source still has the order of the document.
  if (!entries.some(([key]) => /^(0|[1-9]\d{0,9})$/.test(key))) return entries;
  const text = context.sourceText();
  if (text === undefined) return entries;
  const values = new Map(entries);
  return [...memberTexts(text).keys()].map((key) => [key, values.get(key)]);
}

function memberTexts(text: string): Map<string, string> {
  const texts = new Map<string, string>();
  eachMember(text, 0, (key, from, to) => texts.set(key, text.slice(from, to)));
  return texts;
}
