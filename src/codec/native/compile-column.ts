import { MillraceError } from "../../core/errors.ts";
import type { ColumnType } from "../../schema/plan.ts";
import { ArrayColumn } from "./columns/arrays.ts";
import { LowCardinalityColumn } from "./columns/low-cardinality.ts";
import { NullableColumn } from "./columns/nullable.ts";
import { ScalarColumn, type ScalarType } from "./columns/scalar.ts";
import type { NativeColumn } from "./native-column.ts";

/**
 * The collector of a column of this type.
 *
 * @throws MillraceError E_PLAN for a nesting that ClickHouse has not either, such as Nullable(Array(T)).
 */
export function compileNativeColumn(type: ColumnType): NativeColumn {
  switch (type.kind) {
    case "nullable":
      return new NullableColumn(scalarIn(type, type.inner));
    case "lowCardinality":
      return type.inner.kind === "nullable"
        ? new LowCardinalityColumn(scalarIn(type, type.inner.inner), true)
        : new LowCardinalityColumn(scalarIn(type, type.inner), false);
    case "array":
      return new ArrayColumn([compileNativeColumn(type.inner)]);
    case "map":
      return new ArrayColumn([compileNativeColumn(keyTypeOf(type)), compileNativeColumn(type.inner)]);
    default:
      return new ScalarColumn(type);
  }
}

function scalarIn(outer: ColumnType, type: ColumnType): ScalarType {
  if (type.kind !== "nullable" && type.kind !== "lowCardinality" && type.kind !== "array" && type.kind !== "map") {
    return type;
  }
  throw new MillraceError("E_PLAN", `Cannot write ${outer.text} in Native: ${type.text} cannot stand inside it`);
}

/** A map's keys are String or LowCardinality(String) (src/schema/column-type.ts); only the text says which. */
function keyTypeOf(type: Extract<ColumnType, { kind: "map" }>): ColumnType {
  const text: ColumnType = { kind: "string", text: "String" };
  const isDictionary = /^Map\(\s*LowCardinality\(/.test(type.text);
  return isDictionary ? { kind: "lowCardinality", text: "LowCardinality(String)", inner: text } : text;
}
