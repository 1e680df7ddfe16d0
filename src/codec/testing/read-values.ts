import type { ColumnType } from "../../schema/plan.ts";

/** A row that was read back, by the names of its columns. */
export type Row = Record<string, unknown>;

/** A place in bytes that are being read. */
export interface ReadCursor {
  view: DataView;
  offset: number;
}

/** A value without parts. */
export function readScalar(cursor: ReadCursor, type: ColumnType): unknown {
  const { view } = cursor;
  switch (type.kind) {
    case "bool":
      return view.getUint8(cursor.offset++) === 1;
    case "int":
      cursor.offset += type.bits / 8;
      return type.bits === 64
        ? Number(view.getBigInt64(cursor.offset - 8, true))
        : view.getInt32(cursor.offset - 4, true);
    case "dateTime64":
      cursor.offset += 8;
      return Number(view.getBigInt64(cursor.offset - 8, true));
    case "string":
      return readText(cursor);
    default:
      throw new Error(`No test reads ${type.text}`);
  }
}

export function readLength(cursor: ReadCursor): number {
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = cursor.view.getUint8(cursor.offset++);
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) return length;
  }
}

export function readText(cursor: ReadCursor): string {
  const length = readLength(cursor);
  const { buffer, byteOffset } = cursor.view;
  cursor.offset += length;
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    new Uint8Array(buffer, byteOffset + cursor.offset - length, length),
  );
}
