import type { EncodedRows } from "../../codec/task.ts";
import { MillraceError } from "../../core/errors.ts";
import type { ColumnType, PlanColumn } from "../../schema/plan.ts";

/** A dead letter as it was encoded: bytes for text columns, numbers (times in ms) for the others. */
export type EnvelopeRow = Record<string, Uint8Array | number | null>;

interface Cursor {
  view: DataView;
  offset: number;
}

type ReadValue = (cursor: Cursor) => Uint8Array | number | null;

/**
 * Compiles a reader of dead-letter rows in RowBinary (https://clickhouse.com/docs/interfaces/formats/RowBinary), the
 * other direction of src/codec/reference/dead-letter.ts.
 *
 * @throws MillraceError E_PLAN for a column of a type that the envelope's values have no need of.
 */
export function compileRowReader(columns: readonly PlanColumn[]): (rows: EncodedRows) => EnvelopeRow[] {
  const readers = columns.map(({ name, type }) => [name, readerOf(type, name)] as const);
  return ({ bytes, rowCount }) => {
    const cursor = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
    return Array.from({ length: rowCount }, () =>
      Object.fromEntries(readers.map(([name, read]) => [name, read(cursor)])),
    );
  };
}

function readerOf(type: ColumnType, name: string): ReadValue {
  switch (type.kind) {
    case "nullable": {
      const inner = readerOf(type.inner, name);
      return (cursor) => (cursor.view.getUint8(cursor.offset++) === 1 ? null : inner(cursor));
    }
    case "lowCardinality":
      return readerOf(type.inner, name);
    case "string":
      return (cursor) => readBytes(cursor, readLength(cursor));
    case "fixedString":
      return (cursor) => readBytes(cursor, type.length);
    case "int":
      return readInteger(type.bits, type.signed);
    case "dateTime": {
      const read = readInteger(32, false);
      return (cursor) => read(cursor) * 1000;
    }
    case "dateTime64": {
      const read = readInteger(64, true);
      return (cursor) => Math.floor((read(cursor) * 1000) / 10 ** type.scale);
    }
    default:
      throw new MillraceError(
        "E_PLAN",
        `Cannot read dead letters back: column ${name} is ${type.text}. Make it a String, an integer or a DateTime64, ` +
          "as millrace migrate does.",
      );
  }
}

function readInteger(bits: 8 | 16 | 32 | 64, signed: boolean): (cursor: Cursor) => number {
  const bytes = bits / 8;
  const method =
    bits === 64 ? (signed ? "getBigInt64" : "getBigUint64") : (`get${signed ? "Int" : "Uint"}${bits}` as const);
  return (cursor) => {
    const at = cursor.offset;
    cursor.offset += bytes;
    return Number(cursor.view[method](at, true));
  };
}

/** LEB128. */
function readLength(cursor: Cursor): number {
  let length = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = cursor.view.getUint8(cursor.offset++);
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return length;
  }
}

/** A view, not a copy: good until the row's buffer is used again. */
function readBytes(cursor: Cursor, length: number): Uint8Array {
  const bytes = new Uint8Array(cursor.view.buffer, cursor.view.byteOffset + cursor.offset, length);
  cursor.offset += length;
  return bytes;
}
