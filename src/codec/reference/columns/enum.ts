import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType } from "../../../schema/plan.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { describe } from "./describe.ts";
import { readWholeNumber } from "./whole-number.ts";

type EnumType = Extract<ColumnType, { kind: "enum" }>;

/** Enum8 and Enum16: by name, else by number, the number also as text; a name goes before a number. */
export function compileEnum(type: EnumType): WriteColumn {
  const byName = new Map(type.values.map(({ name, value }) => [name, value]));
  const known = new Set(type.values.map(({ value }) => value));

  return function writeEnum(out: ByteWriter, value: unknown, context: ValueContext): void {
    if (typeof value === "string") {
      const number = byName.get(value) ?? (/^[+-]?\d+$/.test(value) ? Number(value) : undefined);
      if (number === undefined || !known.has(number)) {
        rejectField("field_format", `${describe(value, context)} is no name of ${shorten(type.text)}`);
      }
      storeEnum(out, type.bits, number);
    } else if (typeof value === "number" || typeof value === "bigint") {
      const whole = readWholeNumber(value, context);
      const number = Number(whole?.value);
      if (whole?.inexact !== false || !known.has(number)) {
        rejectField("field_range", `${describe(value, context)} is no number of ${shorten(type.text)}`);
      }
      storeEnum(out, type.bits, number);
    } else {
      rejectField(
        "field_type",
        `${describe(value, context)} for ${shorten(type.text)}, which takes a name or its number`,
      );
    }
  };
}

export function storeEnum(out: ByteWriter, bits: 8 | 16, value: number): void {
  out.reserve(2);
  if (bits === 8) out.view.setInt8(out.offset, value);
  else out.view.setInt16(out.offset, value, true);
  out.offset += bits / 8;
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
