import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType } from "../../../schema/plan.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { elementTexts } from "../json-scan.ts";
import { writeVarUInt } from "./bytes.ts";
import { describe } from "./describe.ts";
import { isFloat } from "./number-text.ts";
import { isNullableType, writeTypeDefault } from "./type-default.ts";

/** Array(T): a JSON array. A null element of a T that is not Nullable becomes T's default, as in JSONEachRow. */
export function compileArray(type: Extract<ColumnType, { kind: "array" }>, writeInner: WriteColumn): WriteColumn {
  const nullable = isNullableType(type.inner);
  return function writeArray(out: ByteWriter, value: unknown, context: ValueContext): void {
    if (!Array.isArray(value))
      rejectField("field_type", `${describe(value, context)} for ${type.text}, which takes an array`);
    writeVarUInt(out, value.length);
    let texts: string[] | undefined;
    let index = 0;
    const element: ValueContext = {
      sourceText() {
        const text = context.sourceText();
        if (text === undefined) return undefined;
        texts ??= elementTexts(text, 0);
        return texts[index];
      },
      mayHideFraction: () => context.mayHideFraction(),
      isFloat: (number) => isFloat(number, element.sourceText(), context),
      coerced: () => context.coerced(),
    };
    for (; index < value.length; index++) {
      const inner: unknown = value[index] ?? null;
      if (inner === null && !nullable) writeTypeDefault(out, type.inner);
      else writeInner(out, inner, element);
    }
  };
}
