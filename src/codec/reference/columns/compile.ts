import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType, PlanColumn, TimeFormat } from "../../../schema/plan.ts";
import type { ValueContext, WriteColumn } from "../column.ts";
import { compileArray } from "./array.ts";
import { compileBool } from "./bool.ts";
import { writeByte } from "./bytes.ts";
import { compileDate } from "./date.ts";
import { compileDateTime } from "./date-time.ts";
import { compileDecimal } from "./decimal.ts";
import { compileEnum } from "./enum.ts";
import { compileFloat } from "./float.ts";
import { compileInt } from "./int.ts";
import { writeIpv4, writeIpv6 } from "./ip.ts";
import { compileMap } from "./map.ts";
import { compileFixedString, compileString } from "./string.ts";
import { writeUuid } from "./uuid.ts";

/** The writer of a column's values; built once per plan. */
export function compileColumn(column: PlanColumn): WriteColumn {
  return compileType(column.type, column.timeFormat, column.coercion);
}

function compileType(type: ColumnType, timeFormat: TimeFormat, coercion: "strict" | "lenient"): WriteColumn {
  switch (type.kind) {
    case "int":
      return compileInt(type, coercion);
    case "float":
      return compileFloat(type, coercion);
    case "decimal":
      return compileDecimal(type, coercion);
    case "bool":
      return compileBool(coercion);
    case "string":
      return compileString(coercion);
    case "fixedString":
      return compileFixedString(type.length, coercion);
    case "uuid":
      return writeUuid;
    case "date":
    case "date32":
      return compileDate(type, timeFormat);
    case "dateTime":
    case "dateTime64":
      return compileDateTime(type, timeFormat);
    case "enum":
      return compileEnum(type);
    case "ipv4":
      return writeIpv4;
    case "ipv6":
      return writeIpv6;
    case "nullable":
      return compileNullable(compileType(type.inner, timeFormat, coercion));
    case "lowCardinality":
      return compileType(type.inner, timeFormat, coercion); // RowBinary writes the inner type
    case "array":
      return compileArray(type, compileType(type.inner, timeFormat, coercion));
    case "map":
      return compileMap(type, compileType(type.inner, timeFormat, coercion));
  }
}

function compileNullable(writeInner: WriteColumn): WriteColumn {
  return function writeNullable(out: ByteWriter, value: unknown, context: ValueContext): void {
    writeByte(out, value === null ? 1 : 0);
    if (value !== null) writeInner(out, value, context);
  };
}
