import type { ColumnType, PlanColumn } from "../../../schema/plan.ts";
import { zeroBytes } from "../../reference/columns/type-default.ts";
import { concat } from "../../testing/record-batch.ts";

/**
 * Turns a Native block back into rows as RowBinary has them, so that two blocks can be compared row by row whatever the
 * order of their rows and of their dictionaries' keys. Checks counts, names and types, index bounds, and that nothing
 * follows the block.
 */
export function nativeToRows(bytes: Uint8Array, columns: PlanColumn[], rowCount: number): Uint8Array[] {
  if (rowCount === 0) {
    if (bytes.length > 0) throw new Error(`A block without rows has ${bytes.length} bytes`);
    return [];
  }
  const reader = new Reader(bytes);
  expectSame("columns", reader.varUInt(), columns.length);
  expectSame("rows", reader.varUInt(), rowCount);
  const values = columns.map(({ name, type }) => {
    expectSame("column name", reader.text(), name);
    expectSame("column type", reader.text(), type.text);
    readPrefix(reader, type);
    return readColumn(reader, type, rowCount);
  });
  expectSame("bytes read", reader.at, bytes.length);
  return Array.from({ length: rowCount }, (_, row) => concat(values.map((column) => column[row]!)));
}

class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new Error(`${length} bytes at ${this.at} of ${this.bytes.length}`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  varUInt(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.take(1)[0]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  uint64(): number {
    this.take(8);
    return Number(this.#view.getBigUint64(this.at - 8, true));
  }

  text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.take(this.varUInt()));
  }

  /** Length and bytes together. */
  string(): Uint8Array {
    const start = this.at;
    this.take(this.varUInt());
    return this.bytes.subarray(start, this.at);
  }
}

function expectSame(what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw new Error(`Native block: ${what} ${found}, not ${wanted}`);
}

const string: ColumnType = { kind: "string", text: "String" };

function keyTypeOf({ text }: ColumnType): ColumnType {
  return text.startsWith("Map(LowCardinality(") ? { kind: "lowCardinality", text: "", inner: string } : string;
}

function readPrefix(reader: Reader, type: ColumnType): void {
  if (type.kind === "lowCardinality") expectSame("keys version", reader.uint64(), 1);
  else if (type.kind === "array") readPrefix(reader, type.inner);
  else if (type.kind === "map") for (const part of [keyTypeOf(type), type.inner]) readPrefix(reader, part);
}

function readColumn(reader: Reader, type: ColumnType, count: number): Uint8Array[] {
  switch (type.kind) {
    case "array":
      return readArrays(reader, [type.inner], count);
    case "map":
      return readArrays(reader, [keyTypeOf(type), type.inner], count);
    case "lowCardinality":
      return count === 0 ? [] : readDictionary(reader, type.inner, count);
    case "nullable": {
      const nulls = reader.take(count);
      const values = readColumn(reader, type.inner, count);
      return values.map((value, index) => marked(nulls[index]!, value));
    }
    default:
      return Array.from({ length: count }, () => readScalar(reader, type));
  }
}

function marked(isNull: number, value: Uint8Array): Uint8Array {
  if (isNull > 1) throw new Error(`Native block: null byte ${isNull}`);
  return isNull === 1 ? Uint8Array.of(1) : concat([Uint8Array.of(0), value]);
}

function readScalar(reader: Reader, type: ColumnType): Uint8Array {
  if (type.kind === "string") return reader.string();
  if (type.kind === "nullable" || type.kind === "lowCardinality") throw new Error(`${type.text} is no scalar`);
  return reader.take(type.kind === "enum" ? type.bits / 8 : zeroBytes(type));
}

function readDictionary(reader: Reader, type: ColumnType, count: number): Uint8Array[] {
  const flags = reader.uint64();
  expectSame("dictionary flags", flags & ~0xff, 0x600);
  const width = 1 << (flags & 0xff);
  const isNullable = type.kind === "nullable";
  const keys = Array.from({ length: reader.uint64() }, () => readScalar(reader, isNullable ? type.inner : type));
  expectSame(
    "distinct keys",
    new Set(keys.slice(isNullable ? 1 : 0).map(String)).size,
    keys.length - (isNullable ? 1 : 0),
  );
  expectSame("indexes", reader.uint64(), count);
  return Array.from({ length: count }, () => {
    const index = reader.take(width).reduce((sum, byte, place) => sum + byte * 256 ** place, 0);
    const key = keys[index];
    if (key === undefined) throw new Error(`Native block: index ${index} of ${keys.length} keys`);
    return isNullable ? marked(index === 0 ? 1 : 0, key) : key;
  });
}

function readArrays(reader: Reader, parts: ColumnType[], count: number): Uint8Array[] {
  const ends = Array.from({ length: count }, () => reader.uint64());
  const total = ends.at(-1) ?? 0;
  const columns = parts.map((part) => readColumn(reader, part, total));
  return ends.map((end, row) => {
    const start = row === 0 ? 0 : ends[row - 1]!;
    const members: Uint8Array[] = [varUInt(end - start)];
    for (let index = start; index < end; index++) for (const column of columns) members.push(column[index]!);
    return concat(members);
  });
}

function varUInt(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.from([...bytes, rest]);
}

/** For messages. */
export function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
