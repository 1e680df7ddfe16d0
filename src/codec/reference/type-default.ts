import type { ColumnType } from "../../schema/plan.ts";

/** Date32's own default is the first day that it can hold, 1900-01-01: days since 1970. */
const DATE32_DEFAULT_DAYS = -25_567;

/** True when the column stores null. */
export function isNullable(type: ColumnType): boolean {
  return type.kind === "nullable" || (type.kind === "lowCardinality" && isNullable(type.inner));
}

/**
 * The RowBinary bytes of a type's own default, as ClickHouse's defaultValueOfTypeName() gives it: null for Nullable, the
 * smallest value for an Enum, zeros or nothing for the rest.
 */
export function typeDefaultBytes(type: ColumnType): Uint8Array<ArrayBuffer> {
  switch (type.kind) {
    case "nullable":
      return Uint8Array.of(1);
    case "lowCardinality":
      return typeDefaultBytes(type.inner);
    case "int":
    case "float":
    case "decimal":
      return new Uint8Array(type.bits / 8);
    case "enum":
      return littleEndian(Math.min(...type.values.map(({ value }) => value)), type.bits / 8);
    case "date32":
      return littleEndian(DATE32_DEFAULT_DAYS, 4);
    case "fixedString":
      return new Uint8Array(type.length);
    case "date":
      return new Uint8Array(2);
    case "dateTime":
    case "ipv4":
      return new Uint8Array(4);
    case "dateTime64":
      return new Uint8Array(8);
    case "uuid":
    case "ipv6":
      return new Uint8Array(16);
    case "bool":
    case "string": // the length 0
    case "array":
    case "map":
      return new Uint8Array(1);
  }
}

function littleEndian(value: number, byteCount: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteCount);
  for (let index = 0; index < byteCount; index++) bytes[index] = value >> (8 * index);
  return bytes;
}
