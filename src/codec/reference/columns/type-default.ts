import type { ByteWriter } from "../../../core/byte-writer.ts";
import type { ColumnType } from "../../../schema/plan.ts";
import { writeByte, writeZeros } from "./bytes.ts";
import { storeEnum } from "./enum.ts";

/** True when RowBinary puts a null marker before a value of this type. */
export function isNullableType(type: ColumnType): boolean {
  return type.kind === "nullable" || (type.kind === "lowCardinality" && isNullableType(type.inner));
}

/** The type's own default: zero, empty, the epoch, NULL for Nullable, and for an Enum its lowest value. */
export function writeTypeDefault(out: ByteWriter, type: ColumnType): void {
  if (type.kind === "lowCardinality") writeTypeDefault(out, type.inner);
  else if (type.kind === "nullable") writeByte(out, 1);
  else if (type.kind === "enum") storeEnum(out, type.bits, Math.min(...type.values.map(({ value }) => value)));
  else writeZeros(out, zeroBytes(type));
}

/**
 * How many zero bytes make the default: the width of a type that has one. For strings, arrays and maps it is one byte,
 * their length.
 */
export function zeroBytes(type: Exclude<ColumnType, { kind: "lowCardinality" | "nullable" | "enum" }>): number {
  switch (type.kind) {
    case "int":
    case "float":
    case "decimal":
      return type.bits / 8;
    case "fixedString":
      return type.length;
    case "date":
      return 2;
    case "date32":
    case "dateTime":
    case "ipv4":
      return 4;
    case "dateTime64":
      return 8;
    case "uuid":
    case "ipv6":
      return 16;
    default:
      return 1;
  }
}
