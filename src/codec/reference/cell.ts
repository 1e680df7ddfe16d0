import { ByteWriter } from "../../core/byte-writer.ts";
import { MillraceError } from "../../core/errors.ts";
import type { ColumnType, PlanColumn, RecordField, TablePlan } from "../../schema/plan.ts";
import { FieldError, rejectField, type WriteColumn } from "./column.ts";
import { compileColumn } from "./columns/compile.ts";
import { compilePlaceholder, type IsPlaceholder } from "./columns/placeholder-time.ts";
import { isNullableType, writeTypeDefault } from "./columns/type-default.ts";
import { readRecordField } from "./current-record.ts";
import { findField } from "./find-field.ts";
import { compilePath, type Document, type FieldPath } from "./path.ts";
import type { RowContext } from "./row-context.ts";

/** One column of a row, compiled. */
export interface Cell {
  name: string;
  /** `column status_code (Int32)`, for messages. */
  label: string;
  isNullable: boolean;
  /** The table's DEFAULT can fill it: an array of no value or of one (`TablePlan.format`). */
  isOptional: boolean;
  recordField: RecordField | undefined;
  paths: FieldPath[];
  /** Tells a time that stands for none, where the plan has it read as null. */
  isPlaceholder: IsPlaceholder | undefined;
  write: WriteColumn;
  missing: Missing;
}

type Missing =
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "record"; field: RecordField; write: WriteColumn; fallback: Uint8Array }
  | { kind: "tableDefault" }
  | { kind: "reject" };

/** `written` when the value came from the document or record, else why it did not. */
export type CellOrigin = "written" | "missing" | "recordTime" | "tableDefault";

/**
 * Compiles a column. `readNames` are the names of all fields that the plan reads.
 *
 * @throws MillraceError E_PLAN when the value for missing fields does not fit the column, or when the table's DEFAULT is
 * asked for in a format that cannot carry it.
 */
export function compileCell(column: PlanColumn, format: TablePlan["format"], readNames?: ReadonlySet<string>): Cell {
  const { source } = column;
  return {
    name: column.name,
    label: `column ${column.name} (${column.type.text})`,
    isNullable: isNullableType(column.type),
    isOptional: column.missing.kind === "tableDefault",
    recordField: source.kind === "record" ? source.field : undefined,
    paths: source.kind === "document" ? source.names.map((name) => compilePath(name, readNames)) : [],
    isPlaceholder:
      source.kind === "document" && column.placeholderIsNull === true ? compilePlaceholder(column) : undefined,
    write: source.kind === "record" ? compileRecordWriter(column) : compileColumn(column),
    missing: compileMissing(column, format),
  };
}

/**
 * Writes the cell for a decoded document and returns where its value came from. The value's bytes begin at
 * `context.valueOffset`.
 *
 * @throws FieldError when the value does not fit, or when it is missing and the column insists on it.
 */
export function writeCell(cell: Cell, out: ByteWriter, document: Document, context: RowContext): CellOrigin {
  context.columnName = cell.name;
  context.columnLabel = cell.label;
  context.keys = undefined;
  let value = cell.recordField === undefined ? findField(cell.paths, document, context) : recordValue(cell, context);
  if (cell.isPlaceholder?.(value, context)) value = null;
  if (value === undefined || (value === null && !cell.isNullable)) return writeMissing(cell, out, value, context);
  if (cell.isOptional) writeLength(out, 1);
  context.valueOffset = out.offset;
  cell.write(out, value, context);
  return "written";
}

function recordValue(cell: Cell, context: RowContext): unknown {
  return readRecordField(context.record, cell.recordField!);
}

function writeMissing(cell: Cell, out: ByteWriter, value: unknown, context: RowContext): CellOrigin {
  const { missing } = cell;
  context.keys = undefined;
  if (missing.kind === "reject") {
    const names = cell.paths.map((path) => path.literal[0]).join(" or ");
    rejectField(
      "field_missing",
      `field ${names} is ${value === null ? "null" : "missing"}, and the column has no default`,
    );
  }
  if (missing.kind === "tableDefault") {
    writeLength(out, 0);
    return "tableDefault";
  }
  context.valueOffset = out.offset;
  if (missing.kind === "bytes") {
    writeBytes(out, missing.bytes);
    return "missing";
  }
  const substitute = readRecordField(context.record, missing.field);
  if (substitute === null && !cell.isNullable) writeBytes(out, missing.fallback);
  else missing.write(out, substitute, context);
  return missing.field === "timestamp" ? "recordTime" : "missing";
}

function compileMissing(column: PlanColumn, format: TablePlan["format"]): Missing {
  const { missing } = column;
  const fallback = typeDefaultBytes(column.type);
  switch (missing.kind) {
    case "typeDefault":
      return { kind: "bytes", bytes: fallback };
    case "value":
      return { kind: "bytes", bytes: encodeValue(column, missing.value) };
    case "record":
      return { kind: "record", field: missing.field, write: compileRecordWriter(column), fallback };
    case "tableDefault":
      if (format === "RowBinaryOptional") return { kind: "tableDefault" };
      throw new MillraceError("E_PLAN", `Column ${column.name} cannot take the table's DEFAULT in format ${format}`);
    case "reject":
      return { kind: "reject" };
  }
}

/** Record fields are plain numbers, text and bytes, whatever the topic's documents look like: times are ms. */
function compileRecordWriter(column: PlanColumn): WriteColumn {
  return compileColumn({ ...column, timeFormat: "epoch_ms", coercion: "strict" });
}

/** The RowBinary bytes of a type's own default. */
export function typeDefaultBytes(type: ColumnType): Uint8Array {
  const out = new ByteWriter(16);
  writeTypeDefault(out, type);
  return out.bytes.slice(0, out.offset);
}

/** A fixed substitute is encoded once, here, which also proves that it fits. */
function encodeValue(column: PlanColumn, value: unknown): Uint8Array {
  const out = new ByteWriter(64);
  try {
    compileColumn(column)(out, value, {
      sourceText: () => undefined,
      mayHideFraction: () => false,
      isFloat: () => false,
      coerced: () => {},
    });
  } catch (error) {
    const reason = error instanceof FieldError ? error.detail : String(error);
    const text = JSON.stringify(value);
    throw new MillraceError(
      "E_PLAN",
      `Default ${text} of column ${column.name} (${column.type.text}) does not fit: ${reason}`,
    );
  }
  return out.bytes.slice(0, out.offset);
}

function writeLength(out: ByteWriter, length: 0 | 1): void {
  out.reserve(1);
  out.bytes[out.offset++] = length;
}

/** Copies bytes that are already RowBinary. */
export function writeBytes(out: ByteWriter, bytes: Uint8Array): void {
  out.reserve(bytes.length);
  out.bytes.set(bytes, out.offset);
  out.offset += bytes.length;
}
