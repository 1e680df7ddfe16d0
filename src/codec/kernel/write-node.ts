import type { ColumnType, PlanColumn, TimeFormat } from "../../schema/plan.ts";
import { zeroBytes } from "../reference/columns/type-default.ts";
import * as layout from "./assembly/layout.ts";
import type { PlanWriter } from "./plan-writer.ts";

/** A type node in the kernel's memory, with the streams that its Native bytes go to. */
export interface KernelNode {
  address: number;
  kind: ColumnType["kind"];
  /** Region of the node's own bytes: values, null map, ends of arrays, indexes. */
  stream: number;
  /** LowCardinality only. */
  dictionary: number;
  /** Nullable, array, LowCardinality: the inner node; map: keys, then values. */
  parts: KernelNode[];
}

/** How a column's values are read. */
export type NodeMode = Pick<PlanColumn, "timeFormat" | "coercion">;

const STREAM_BYTES = 1_024;

const simpleTypes: { [Kind in ColumnType["kind"]]?: number } = {
  int: layout.TYPE_INT,
  decimal: layout.TYPE_DECIMAL,
  bool: layout.TYPE_BOOL,
  string: layout.TYPE_STRING,
  fixedString: layout.TYPE_FIXED_STRING,
  uuid: layout.TYPE_UUID,
  date: layout.TYPE_DATE,
  date32: layout.TYPE_DATE32,
  dateTime: layout.TYPE_DATE_TIME,
  dateTime64: layout.TYPE_DATE_TIME64,
  enum: layout.TYPE_ENUM,
  ipv4: layout.TYPE_IPV4,
  ipv6: layout.TYPE_IPV6,
  nullable: layout.TYPE_NULLABLE,
  lowCardinality: layout.TYPE_LOW_CARDINALITY,
  array: layout.TYPE_ARRAY,
  map: layout.TYPE_MAP,
};

/** The kernel's word for each format. */
export const timeFormatWords: Record<TimeFormat, number> = {
  auto: layout.TIME_AUTO,
  rfc3339: layout.TIME_RFC3339,
  clickhouse: layout.TIME_CLICKHOUSE,
  epoch_s: layout.TIME_EPOCH_S,
  epoch_ms: layout.TIME_EPOCH_MS,
  epoch_us: layout.TIME_EPOCH_US,
  epoch_ns: layout.TIME_EPOCH_NS,
  clf: layout.TIME_CLF,
  rfc2822: layout.TIME_RFC2822,
  ctime: layout.TIME_CTIME,
  month_name: layout.TIME_MONTH_NAME,
};

/** Widest key of fixed width that the kernel's dictionaries take. */
const DICTIONARY_KEY_BYTES_MAX = 192;

/** False when the kernel cannot write the type at all, and the plan belongs to the reference. */
export function isTypeSupported(type: ColumnType): boolean {
  switch (type.kind) {
    case "lowCardinality": {
      const key = type.inner.kind === "nullable" ? type.inner.inner : type.inner;
      if (key.kind === "string") return true;
      const isScalar = key.kind !== "nullable" && key.kind !== "lowCardinality" && key.kind !== "array";
      return isScalar && key.kind !== "map" && key.kind !== "enum" && zeroBytes(key) <= DICTIONARY_KEY_BYTES_MAX;
    }
    case "nullable":
      return type.inner.kind !== "nullable" && type.inner.kind !== "lowCardinality" && isScalarKind(type.inner);
    case "array":
    case "map":
      return isTypeSupported(type.inner);
    default:
      return true;
  }
}

function isScalarKind({ kind }: ColumnType): boolean {
  return kind !== "array" && kind !== "map";
}

/**
 * Writes the node of a type and those inside it. A `twin` is a node of the same type that reads values in another way
 * and writes to the same streams.
 */
export function writeNode(writer: PlanWriter, type: ColumnType, mode: NodeMode, twin?: KernelNode): KernelNode {
  const address = writer.allocate(layout.NODE_BYTES);
  const stream = twin?.stream ?? createStream(writer);
  const node: KernelNode = { address, kind: type.kind, stream, dictionary: 0, parts: [] };
  writeFields(writer, address, type, mode);
  writer.setWord(address + layout.NODE_STREAM, stream);
  if (type.kind === "map") {
    const keys = writeNode(writer, mapKeyType(type), mode, twin?.parts[0]);
    node.parts.push(keys);
    writer.setWord(address + layout.NODE_DICTIONARY, keys.address);
  }
  if ("inner" in type) {
    const inner = writeNode(writer, type.inner, mode, twin?.parts[node.parts.length]);
    node.parts.push(inner);
    writer.setWord(address + layout.NODE_INNER, inner.address);
  }
  if (type.kind === "lowCardinality") {
    node.dictionary = twin?.dictionary ?? createDictionary(writer, stream, type);
    writer.setWord(address + layout.NODE_DICTIONARY, node.dictionary);
  }
  return node;
}

function createStream(writer: PlanWriter): number {
  const stream = writer.kernel.exports.createRegion(STREAM_BYTES);
  writer.streams.push(stream);
  return stream;
}

function createDictionary(
  writer: PlanWriter,
  stream: number,
  type: Extract<ColumnType, { kind: "lowCardinality" }>,
): number {
  const isNullable = type.inner.kind === "nullable";
  const keyWidth = widthOf(type.inner.kind === "nullable" ? type.inner.inner : type.inner);
  const dictionary = writer.kernel.exports.createDictionary(stream, keyWidth, isNullable ? 1 : 0);
  writer.dictionaries.push(dictionary);
  return dictionary;
}

/** A map's keys are String or LowCardinality(String); only the text says which. */
function mapKeyType(type: ColumnType): ColumnType {
  const text: ColumnType = { kind: "string", text: "String" };
  const isDictionary = /^Map\(\s*LowCardinality\(/.test(type.text);
  return isDictionary ? { kind: "lowCardinality", text: "LowCardinality(String)", inner: text } : text;
}

function widthOf(type: ColumnType): number {
  switch (type.kind) {
    case "string":
    case "nullable":
    case "lowCardinality":
    case "array":
    case "map":
      return 0;
    case "enum":
      return type.bits / 8;
    default:
      return zeroBytes(type);
  }
}

function writeFields(writer: PlanWriter, address: number, type: ColumnType, mode: NodeMode): void {
  const { bytes } = writer.kernel;
  const float = type.kind === "float" && (type.bits === 32 ? layout.TYPE_FLOAT32 : layout.TYPE_FLOAT64);
  bytes[address + layout.NODE_TYPE] = float || simpleTypes[type.kind]!;
  bytes[address + layout.NODE_LENIENT] = mode.coercion === "lenient" ? 1 : 0;
  bytes[address + layout.NODE_TIME_FORMAT] = timeFormatWords[mode.timeFormat];
  if ("scale" in type) bytes[address + layout.NODE_SCALE] = type.scale;
  writer.setWord(address + layout.NODE_WIDTH, widthOf(type));
  writer.setWord(address + layout.NODE_SIGNED, type.kind === "int" && type.signed ? 1 : 0);
  writer.setWord(address + layout.NODE_PRECISION, type.kind === "decimal" ? type.precision : 0);
  const zone = type.kind === "dateTime" || type.kind === "dateTime64" ? type.timeZone : undefined;
  writer.setWord(address + layout.NODE_ZONE, writer.zone(zone));
  if (type.kind === "enum") writeEnumTable(writer, address, type);
}

function writeEnumTable(writer: PlanWriter, address: number, type: Extract<ColumnType, { kind: "enum" }>): void {
  const entries = type.values.flatMap(({ name, value }) => {
    const { start, length } = writer.text(name);
    return [value, length, start];
  });
  writer.setWord(address + layout.NODE_TABLE, writer.words(entries));
  writer.setWord(address + layout.NODE_TABLE_COUNT, type.values.length);
  writer.setWord(address + layout.NODE_DEFAULT, Math.min(...type.values.map(({ value }) => value)));
}
