import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType } from "../../../schema/plan.ts";
import { rejectField, type ValueContext, type WriteColumn } from "../column.ts";
import { describe } from "./describe.ts";
import { nearestFloat32 } from "./float32.ts";
import { numberText } from "./number-text.ts";

type FloatType = Extract<ColumnType, { kind: "float" }>;

/**
 * Float32 and Float64, each the number nearest to the text (Float32 straight from the text, not by way of a double).
 * Besides numbers, as in JSONEachRow: true and false, and text of a number, `nan`, `inf` or `infinity` in any case.
 * A finite number beyond the type's range is rejected; ClickHouse would store infinity.
 */
export function compileFloat(type: FloatType, coercion: "strict" | "lenient"): WriteColumn {
  return function writeFloat(out: ByteWriter, value: unknown, context: ValueContext): void {
    switch (typeof value) {
      case "number":
        // JSON has no infinity: there it is a number beyond the double's range. MessagePack has.
        if (!Number.isFinite(value) && context.sourceText() !== undefined) rejectRange(type, value, context);
        storeFloat(out, type, value, value, context);
        return;
      case "bigint":
        storeFloat(out, type, Number(value), value, context);
        return;
      case "boolean":
        store(out, type.bits, value ? 1 : 0);
        return;
      case "string":
        if (coercion === "lenient") context.coerced();
        writeFloatText(out, type, coercion === "lenient" ? value.trim() : value, context);
        return;
      default:
        rejectField("field_type", `${describe(value, context)} for ${type.text}, which takes a number`);
    }
  };
}

function writeFloatText(out: ByteWriter, type: FloatType, text: string, context: ValueContext): void {
  const special = /^([+-]?)(nan|inf|infinity)$/i.exec(text);
  if (text === "true" || text === "false") {
    store(out, type.bits, text === "true" ? 1 : 0);
  } else if (special !== null) {
    storeSpecial(out, type.bits, special[2]!.toLowerCase() === "nan", special[1] === "-");
  } else if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    const value = Number(text);
    if (!Number.isFinite(value)) rejectRange(type, text, context);
    storeFloat(out, type, value, text, context);
  } else {
    rejectField("field_format", `${describe(text, context)} for ${type.text}, which takes a number`);
  }
}

/** `found` is what the document had: text, or the number whose own text the context knows. */
function storeFloat(
  out: ByteWriter,
  type: FloatType,
  value: number,
  found: number | bigint | string,
  context: ValueContext,
): void {
  if (type.bits === 64 || !Number.isFinite(value)) {
    if (typeof found === "bigint" && !Number.isFinite(value)) rejectRange(type, found, context);
    store(out, type.bits, value);
    return;
  }
  const narrow = nearestFloat32(value, () => (typeof found === "string" ? found : numberText(found, context)));
  if (!Number.isFinite(narrow)) rejectRange(type, found, context);
  store(out, 32, narrow);
}

function store(out: ByteWriter, bits: 32 | 64, value: number): void {
  if (Number.isNaN(value)) {
    storeSpecial(out, bits, true, false);
    return;
  }
  out.reserve(8);
  if (bits === 64) out.view.setFloat64(out.offset, value, true);
  else out.view.setFloat32(out.offset, value, true);
  out.offset += bits / 8;
}

/** NaN and infinity bit by bit: JavaScript keeps no sign of a NaN, ClickHouse does. */
function storeSpecial(out: ByteWriter, bits: 32 | 64, nan: boolean, negative: boolean): void {
  out.reserve(8);
  const sign = negative ? 0x8000_0000 : 0;
  if (bits === 32) {
    out.view.setUint32(out.offset, (sign | (nan ? 0x7fc0_0000 : 0x7f80_0000)) >>> 0, true);
  } else {
    out.view.setUint32(out.offset, 0, true);
    out.view.setUint32(out.offset + 4, (sign | (nan ? 0x7ff8_0000 : 0x7ff0_0000)) >>> 0, true);
  }
  out.offset += bits / 8;
}

function rejectRange(type: FloatType, value: unknown, context: ValueContext): never {
  return rejectField("field_range", `${describe(value, context)} does not fit ${type.text}`);
}
