import { copyLoose, writeVarUint } from "./bytes";
import { appendIndex, findIndex, NO_INDEX, ZERO_BYTES } from "./dictionary";
import {
  DECLINED,
  KIND_ARRAY,
  KIND_BYTES,
  KIND_INTEGER,
  KIND_NULL,
  KIND_OBJECT,
  KIND_STRING,
  NODE_DEFAULT,
  NODE_DICTIONARY,
  NODE_STREAM,
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
import { allocate, regionBase, regionCursor, reserve, setRegionCursor } from "./memory";
import { innerOf, isNullable, typeOf } from "./node";
import { writeScalar } from "./scalar";
import { findText, textEnd, textStart } from "./text";

/**
 * Native: each column's values back to back, in one or more streams (https://clickhouse.com/docs/interfaces/formats/Native):
 * a null map before nullable values, end offsets before the elements of arrays and maps, indexes and a dictionary for
 * LowCardinality. The host puts the streams together into a block.
 */

/** Address of the value of fixed width that was written last, for the event time; 0 for null and everything else. */
export let columnValueAt: usize = 0;

/** A key of fixed width on its way into a dictionary. */
const key: usize = allocate(ZERO_BYTES);

@inline
function streamOf(node: usize): usize {
  return <usize>load<u32>(node, NODE_STREAM);
}

export function writeColumnValue(node: usize, kind: u32, start: usize, end: usize): u32 {
  const type = typeOf(node);
  if (type == TYPE_LOW_CARDINALITY) return writeLowCardinality(node, kind, start, end);
  if (type == TYPE_STRING) return writeString(node, kind, start, end);
  return writeOther(node, type, kind, start, end);
}

function writeOther(node: usize, type: u32, kind: u32, start: usize, end: usize): u32 {
  if (type < <u32>TYPE_NULLABLE) return writeFixed(node, kind, start, end);
  if (type == TYPE_NULLABLE) return writeNullable(node, kind, start, end);
  return type == TYPE_ARRAY ? writeArray(node, kind, start, end) : writeMap(node, kind, start, end);
}

@inline
function writeFixed(node: usize, kind: u32, start: usize, end: usize): u32 {
  const width = <usize>load<u32>(node, NODE_WIDTH);
  const stream = streamOf(node);
  const at = reserve(stream, width);
  if (at == 0) return DECLINED;
  columnValueAt = at;
  setRegionCursor(stream, at + width);
  return writeScalar(node, kind, start, end, at);
}

@inline
function writeString(node: usize, kind: u32, start: usize, end: usize): u32 {
  const outcome = findText(node, kind, start, end);
  if (outcome != OK) return outcome;
  return writeText(streamOf(node), textStart, textEnd - textStart) ? OK : DECLINED;
}

@inline
function writeText(stream: usize, start: usize, length: usize): bool {
  // A length takes at most five bytes.
  const at = reserve(stream, length + 8);
  if (at == 0) return false;
  const to = writeVarUint(at, length);
  copyLoose(to, start, length);
  setRegionCursor(stream, to + length);
  return true;
}

function writeNullable(node: usize, kind: u32, start: usize, end: usize): u32 {
  if (!writeByte(streamOf(node), kind == KIND_NULL ? 1 : 0)) return DECLINED;
  return kind == KIND_NULL ? writeZeros(innerOf(node)) : writeColumnValue(innerOf(node), kind, start, end);
}

/** What lies under a NULL: nobody reads it. */
function writeZeros(node: usize): u32 {
  const width: usize = typeOf(node) == TYPE_STRING ? 1 : <usize>load<u32>(node, NODE_WIDTH);
  const at = reserve(streamOf(node), width);
  if (at == 0) return DECLINED;
  memory.fill(at, 0, width);
  setRegionCursor(streamOf(node), at + width);
  columnValueAt = 0;
  return OK;
}

function writeByte(stream: usize, byte: u8): bool {
  const at = reserve(stream, 1);
  if (at == 0) return false;
  store<u8>(at, byte);
  setRegionCursor(stream, at + 1);
  return true;
}

function writeLowCardinality(node: usize, kind: u32, start: usize, end: usize): u32 {
  const dictionary = <usize>load<u32>(node, NODE_DICTIONARY);
  columnValueAt = 0;
  if (kind == KIND_NULL) return appendIndex(dictionary, streamOf(node), 0) ? OK : DECLINED;
  let inner = innerOf(node);
  if (typeOf(inner) == TYPE_NULLABLE) inner = innerOf(inner);
  let outcome: u32;
  if (typeOf(inner) == TYPE_STRING) {
    outcome = findText(inner, kind, start, end);
    if (outcome != OK) return outcome;
    return append(dictionary, node, textStart, textEnd - textStart);
  }
  const width = <usize>load<u32>(inner, NODE_WIDTH);
  outcome = writeScalar(inner, kind, start, end, key);
  if (outcome != OK) return outcome;
  columnValueAt = key;
  return append(dictionary, node, key, width);
}

@inline
function append(dictionary: usize, node: usize, start: usize, length: usize): u32 {
  const index = findIndex(dictionary, start, length);
  return index != NO_INDEX && appendIndex(dictionary, streamOf(node), index) ? OK : DECLINED;
}

/** Appends the end of an array: the end before it plus its own length. */
function writeEnd(stream: usize, count: u32): bool {
  const at = reserve(stream, 8);
  if (at == 0) return false;
  const before: u64 = at == regionBase(stream) ? 0 : load<u64>(at - 8);
  store<u64>(at, before + count);
  setRegionCursor(stream, at + 8);
  return true;
}

function writeArray(node: usize, kind: u32, start: usize, end: usize): u32 {
  if (kind == KIND_BYTES || kind == KIND_INTEGER) return DECLINED;
  if (kind != KIND_ARRAY) return REJECT_FIELD_TYPE;
  if (!writeEnd(streamOf(node), countElements(start, end))) return DECLINED;
  const inner = innerOf(node);
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
  const count = countMembers(start, end);
  if (count < 0 || !writeEnd(streamOf(node), count)) return DECLINED;
  const inner = innerOf(node);
  const keyNode = <usize>load<u32>(node, NODE_DICTIONARY);
  let at = nextMember(firstMember(start, end), end);
  while (at != 0) {
    const from = memberStart;
    const to = memberEnd;
    const memberOf = memberKind;
    let outcome = writeColumnValue(keyNode, KIND_STRING, keyStart, keyEnd);
    if (outcome == OK) outcome = writeMember(inner, memberOf, from, to);
    if (outcome != OK) return outcome;
    at = nextMember(at, end);
  }
  return OK;
}

/** A null element of a type that has no null is the type's default, as in JSONEachRow. */
function writeMember(node: usize, kind: u32, start: usize, end: usize): u32 {
  return kind == KIND_NULL && !isNullable(node) ? writeColumnDefault(node) : writeColumnValue(node, kind, start, end);
}

/** The type's own default: zero, empty, NULL, an Enum's lowest value. */
export function writeColumnDefault(node: usize): u32 {
  const type = typeOf(node);
  columnValueAt = 0;
  if (type == TYPE_LOW_CARDINALITY) return writeDefaultIndex(node);
  if (type == TYPE_NULLABLE) {
    return writeByte(streamOf(node), 1) ? writeZeros(innerOf(node)) : DECLINED;
  }
  if (type == TYPE_STRING) return writeByte(streamOf(node), 0) ? OK : DECLINED;
  if (type == TYPE_ARRAY || type == TYPE_MAP) return writeEnd(streamOf(node), 0) ? OK : DECLINED;
  const width = <usize>load<u32>(node, NODE_WIDTH);
  const at = reserve(streamOf(node), width);
  if (at == 0) return DECLINED;
  writeFixedDefault(node, width, at);
  columnValueAt = at;
  setRegionCursor(streamOf(node), at + width);
  return OK;
}

function writeFixedDefault(node: usize, width: usize, at: usize): void {
  if (typeOf(node) == TYPE_FIXED_STRING) memory.fill(at, 0, width);
  else v128.store(at, v128.load(node, NODE_DEFAULT));
}

function writeDefaultIndex(node: usize): u32 {
  const dictionary = <usize>load<u32>(node, NODE_DICTIONARY);
  const inner = innerOf(node);
  if (typeOf(inner) == TYPE_NULLABLE) return appendIndex(dictionary, streamOf(node), 0) ? OK : DECLINED;
  const width: usize = typeOf(inner) == TYPE_STRING ? 0 : <usize>load<u32>(inner, NODE_WIDTH);
  if (width > 0) writeFixedDefault(inner, width, key);
  columnValueAt = width > 0 ? key : 0;
  return append(dictionary, node, key, width);
}
