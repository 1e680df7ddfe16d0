import { copyLoose } from "./bytes";
import { appendIndex, findIndex, NO_INDEX } from "./dictionary";
import {
  NODE_DICTIONARY,
  NODE_STREAM,
  NODE_WIDTH,
  TYPE_ARRAY,
  TYPE_LOW_CARDINALITY,
  TYPE_NULLABLE,
  TYPE_STRING,
} from "./layout";
import { COLUMN_BYTES, COLUMN_NODE } from "./layout-plan";
import { regionBase, reserve, setRegionCursor } from "./memory";
import { innerOf, typeOf } from "./node";
import { columnCount, columns } from "./plan";

/**
 * Takes rows that the reference wrote in RowBinary into the columns of the task: an insert has to be one block, whoever
 * made its rows. PRECONDITION: the bytes are whole rows of the plan's columns, as our own column writers make them.
 */

let at: usize = 0;
let hasMemory: bool = true;

/** False when memory is at its bound: the columns are then of no use any more. */
export function adoptRows(start: usize, count: u32): bool {
  at = start;
  hasMemory = true;
  for (let row: u32 = 0; row < count; row++) {
    for (let index: u32 = 0; index < columnCount; index++) {
      adopt(<usize>load<u32>(columns + <usize>index * COLUMN_BYTES, COLUMN_NODE));
    }
  }
  return hasMemory;
}

function adopt(node: usize): void {
  const type = typeOf(node);
  const stream = <usize>load<u32>(node, NODE_STREAM);
  if (type == TYPE_LOW_CARDINALITY) adoptKey(node, stream);
  else if (type == TYPE_STRING) adoptString(stream);
  else if (type < <u32>TYPE_NULLABLE) adoptBytes(stream, <usize>load<u32>(node, NODE_WIDTH));
  else if (type == TYPE_NULLABLE) adoptNullable(node, stream);
  else adoptElements(node, stream, type != TYPE_ARRAY);
}

function adoptBytes(stream: usize, length: usize): void {
  append(stream, at, length);
  at += length;
}

function append(stream: usize, start: usize, length: usize): void {
  const to = reserve(stream, length);
  if (to == 0) {
    hasMemory = false;
    return;
  }
  copyLoose(to, start, length);
  setRegionCursor(stream, to + length);
}

function readVarUint(): usize {
  let value: usize = 0;
  let shift: usize = 0;
  while (true) {
    const byte = <usize>load<u8>(at++);
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
    shift += 7;
  }
}

function adoptString(stream: usize): void {
  const start = at;
  const length = readVarUint();
  at += length;
  append(stream, start, at - start);
}

function adoptNullable(node: usize, stream: usize): void {
  const isNull = load<u8>(at);
  adoptBytes(stream, 1);
  const inner = innerOf(node);
  if (isNull == 0) {
    adopt(inner);
    return;
  }
  const width: usize = typeOf(inner) == TYPE_STRING ? 1 : <usize>load<u32>(inner, NODE_WIDTH);
  const to = reserve(<usize>load<u32>(inner, NODE_STREAM), width);
  if (to == 0) {
    hasMemory = false;
    return;
  }
  memory.fill(to, 0, width);
  setRegionCursor(<usize>load<u32>(inner, NODE_STREAM), to + width);
}

function adoptKey(node: usize, stream: usize): void {
  const dictionary = <usize>load<u32>(node, NODE_DICTIONARY);
  let inner = innerOf(node);
  let index: u32 = 0;
  if (typeOf(inner) == TYPE_NULLABLE) {
    inner = innerOf(inner);
    if (load<u8>(at++) != 0) {
      if (!appendIndex(dictionary, stream, 0)) hasMemory = false;
      return;
    }
  }
  const length = typeOf(inner) == TYPE_STRING ? readVarUint() : <usize>load<u32>(inner, NODE_WIDTH);
  index = findIndex(dictionary, at, length);
  at += length;
  if (index == NO_INDEX || !appendIndex(dictionary, stream, index)) hasMemory = false;
}

function adoptElements(node: usize, stream: usize, hasKeys: bool): void {
  const count = readVarUint();
  const to = reserve(stream, 8);
  if (to == 0) {
    hasMemory = false;
    return;
  }
  store<u64>(to, (to == regionBase(stream) ? 0 : load<u64>(to - 8)) + <u64>count);
  setRegionCursor(stream, to + 8);
  const keyNode = <usize>load<u32>(node, NODE_DICTIONARY);
  for (let index: usize = 0; index < count; index++) {
    if (hasKeys) adopt(keyNode);
    adopt(innerOf(node));
  }
}
