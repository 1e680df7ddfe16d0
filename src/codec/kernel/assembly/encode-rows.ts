import { copyLoose, writeVarUint } from "./bytes";
import {
  DECLINED,
  KIND_ARRAY,
  KIND_BYTES,
  KIND_INTEGER,
  KIND_NULL,
  KIND_OBJECT,
  NODE_DEFAULT,
  NODE_WIDTH,
  OK,
  REJECT_FIELD_TYPE,
  TYPE_ARRAY,
  TYPE_FIXED_STRING,
  TYPE_LOW_CARDINALITY,
  TYPE_MAP,
  TYPE_NULLABLE,
  TYPE_STRING,
} from "./layout";
import {
  countElements,
  countMembers,
  firstMember,
  keyEnd,
  keyStart,
  memberEnd,
  memberKind,
  memberStart,
  nextElement,
  nextMember,
} from "./members";
import { createRegion, regionBase, regionCursor, reserve, setRegionCursor } from "./memory";
import { innerOf, isNullable, typeOf } from "./node";
import { writeScalar } from "./scalar";
import { findText, textEnd, textStart } from "./text";

/** RowBinary: values of a row back to back (https://clickhouse.com/docs/interfaces/formats/RowBinary). */

export const rows: usize = createRegion(1 << 16);

/** Address of the value of fixed width that was written last, for the event time; 0 for null and everything else. */
export let rowValueAt: usize = 0;

/** Bytes of the task that the host has taken already. */
let takenBytes: usize = 0;

/** Bytes of the task so far: where the next row begins. */
export function rowBytes(): usize {
  return takenBytes + regionCursor(rows) - regionBase(rows);
}

/** Takes back everything after `bytes`, of which the host has taken none. */
export function truncateRows(bytes: usize): void {
  setRegionCursor(rows, regionBase(rows) + bytes - takenBytes);
}

/** Begins a task. */
export function clearRows(): void {
  takenBytes = 0;
  setRegionCursor(rows, regionBase(rows));
}

/** The host has taken the rows: their place is free. */
export function forgetRows(): void {
  takenBytes = rowBytes();
  setRegionCursor(rows, regionBase(rows));
}

export function writeMarker(marker: u8): u32 {
  const at = reserve(rows, 1);
  if (at == 0) return DECLINED;
  store<u8>(at, marker);
  setRegionCursor(rows, at + 1);
  return OK;
}

export function writeRowValue(node: usize, kind: u32, start: usize, end: usize): u32 {
  const type = typeOf(node);
  if (type == TYPE_STRING) return writeString(node, kind, start, end);
  if (type < <u32>TYPE_NULLABLE) {
    const width = <usize>load<u32>(node, NODE_WIDTH);
    const at = reserve(rows, width);
    if (at == 0) return DECLINED;
    rowValueAt = at;
    setRegionCursor(rows, at + width);
    return writeScalar(node, kind, start, end, at);
  }
  if (type == TYPE_LOW_CARDINALITY) return writeRowValue(innerOf(node), kind, start, end);
  if (type == TYPE_NULLABLE) return writeNullable(node, kind, start, end);
  return type == TYPE_ARRAY ? writeArray(node, kind, start, end) : writeMap(node, kind, start, end);
}

@inline
function writeString(node: usize, kind: u32, start: usize, end: usize): u32 {
  const outcome = findText(node, kind, start, end);
  if (outcome != OK) return outcome;
  return writeText(textStart, textEnd - textStart) ? OK : DECLINED;
}

@inline
function writeText(start: usize, length: usize): bool {
  // A length takes at most five bytes.
  const at = reserve(rows, length + 8);
  if (at == 0) return false;
  const to = writeVarUint(at, length);
  copyLoose(to, start, length);
  setRegionCursor(rows, to + length);
  return true;
}

function writeNullable(node: usize, kind: u32, start: usize, end: usize): u32 {
  rowValueAt = 0;
  const outcome = writeMarker(kind == KIND_NULL ? 1 : 0);
  return outcome != OK || kind == KIND_NULL ? outcome : writeRowValue(innerOf(node), kind, start, end);
}

function writeCount(count: u32): bool {
  const at = reserve(rows, 8);
  if (at == 0) return false;
  setRegionCursor(rows, writeVarUint(at, count));
  return true;
}

function writeArray(node: usize, kind: u32, start: usize, end: usize): u32 {
  if (kind == KIND_BYTES || kind == KIND_INTEGER) return DECLINED;
  if (kind != KIND_ARRAY) return REJECT_FIELD_TYPE;
  const inner = innerOf(node);
  if (!writeCount(countElements(start, end))) return DECLINED;
  let at = nextElement(firstMember(start, end), end);
  while (at != 0) {
    const outcome = writeMember(inner, memberKind, memberStart, memberEnd);
    if (outcome != OK) return outcome;
    at = nextElement(at, end);
  }
  return OK;
}

function writeMap(node: usize, kind: u32, start: usize, end: usize): u32 {
  if (kind == KIND_BYTES || kind == KIND_INTEGER) return DECLINED;
  if (kind != KIND_OBJECT) return REJECT_FIELD_TYPE;
  const inner = innerOf(node);
  const count = countMembers(start, end);
  if (count < 0 || !writeCount(count)) return DECLINED;
  let at = nextMember(firstMember(start, end), end);
  while (at != 0) {
    if (!writeText(keyStart, keyEnd - keyStart)) return DECLINED;
    const outcome = writeMember(inner, memberKind, memberStart, memberEnd);
    if (outcome != OK) return outcome;
    at = nextMember(at, end);
  }
  return OK;
}

/** A null element of a type that has no null is the type's default, as in JSONEachRow. */
function writeMember(node: usize, kind: u32, start: usize, end: usize): u32 {
  return kind == KIND_NULL && !isNullable(node) ? writeRowDefault(node) : writeRowValue(node, kind, start, end);
}

/** The type's own default: zero, empty, NULL, an Enum's lowest value. */
export function writeRowDefault(node: usize): u32 {
  const type = typeOf(node);
  rowValueAt = 0;
  if (type == TYPE_LOW_CARDINALITY) return writeRowDefault(innerOf(node));
  if (type == TYPE_NULLABLE) return writeMarker(1);
  if (type == TYPE_STRING || type == TYPE_ARRAY || type == TYPE_MAP) return writeMarker(0);
  const width = <usize>load<u32>(node, NODE_WIDTH);
  const at = reserve(rows, width);
  if (at == 0) return DECLINED;
  if (type == TYPE_FIXED_STRING) memory.fill(at, 0, width);
  else v128.store(at, v128.load(node, NODE_DEFAULT));
  rowValueAt = at;
  setRegionCursor(rows, at + width);
  return OK;
}
