import { copyLoose, writeVarUint } from "./bytes";
import {
  CELL_CONSTANT,
  CELL_REJECTED,
  CELL_TYPE_DEFAULT,
  cellEnd,
  cellKind,
  cellNode,
  cellStart,
  findCell,
  isRecordTime,
} from "./cell";
import { appendIndex, findIndex, NO_INDEX } from "./dictionary";
import { columnValueAt, writeColumnDefault, writeColumnValue } from "./encode-columns";
import { noteTime } from "./event-time";
import {
  DECLINED,
  KIND_NULL,
  KIND_STRING,
  NODE_DICTIONARY,
  NODE_STREAM,
  NODE_WIDTH,
  OK,
  REJECT_FIELD_MISSING,
} from "./layout";
import {
  COLUMN_BARE_NODE,
  COLUMN_IS_EVENT_TIME,
  COLUMN_IS_NULL_DEFAULT,
  COLUMN_NODE,
  COLUMN_SLOT,
} from "./layout-plan";
import { reserve, setRegionCursor } from "./memory";
import { coercions, resetCoercions } from "./outcome";
import { rowStamp, slotEnd, slotKind, slotStart } from "./row";
import { writeScalar } from "./scalar";

/**
 * The cell of one row in one column's streams: the ways that nearly all columns take, and the long way for the rest.
 * Each returns OK, DECLINED or a rejection.
 */

@inline
function slotOf(row: usize, column: usize): usize {
  return row + <usize>load<u32>(column, COLUMN_SLOT);
}

@inline
export function writeStringCell(row: usize, column: usize): u32 {
  const slot = slotOf(row, column);
  if (slotKind(slot, rowStamp(row)) != KIND_STRING) return writeAnyCell(row, column);
  return writeText(<usize>load<u32>(<usize>load<u32>(column, COLUMN_NODE), NODE_STREAM), slot);
}

@inline
function writeText(stream: usize, slot: usize): u32 {
  const start = slotStart(slot);
  const length = slotEnd(slot) - start;
  const at = reserve(stream, length + 8);
  if (at == 0) return DECLINED;
  const to = writeVarUint(at, length);
  copyLoose(to, start, length);
  setRegionCursor(stream, to + length);
  return OK;
}

@inline
export function writeDictionaryCell(row: usize, column: usize): u32 {
  const slot = slotOf(row, column);
  if (slotKind(slot, rowStamp(row)) != KIND_STRING) return writeAnyCell(row, column);
  const node = <usize>load<u32>(column, COLUMN_NODE);
  const dictionary = <usize>load<u32>(node, NODE_DICTIONARY);
  const start = slotStart(slot);
  const index = findIndex(dictionary, start, slotEnd(slot) - start);
  return index != NO_INDEX && appendIndex(dictionary, <usize>load<u32>(node, NODE_STREAM), index) ? OK : DECLINED;
}

@inline
export function writeFixedCell(row: usize, column: usize): u32 {
  const slot = slotOf(row, column);
  const kind = slotKind(slot, rowStamp(row));
  return kind <= <u32>KIND_NULL ? writeAnyCell(row, column) : writeFixed(row, column, kind, slot);
}

@inline
function writeFixed(row: usize, column: usize, kind: u32, slot: usize): u32 {
  const node = <usize>load<u32>(column, COLUMN_BARE_NODE);
  const width = <usize>load<u32>(node, NODE_WIDTH);
  const stream = <usize>load<u32>(node, NODE_STREAM);
  const at = reserve(stream, width);
  if (at == 0) return DECLINED;
  setRegionCursor(stream, at + width);
  const outcome = writeScalar(node, kind, slotStart(slot), slotEnd(slot), at);
  // Both flags at once: hardly any column is a time that matters.
  if (outcome != OK || load<u64>(column, COLUMN_IS_EVENT_TIME) == 0) return outcome;
  return noteTime(row, column, at, false);
}

@inline
export function writeNullableStringCell(row: usize, column: usize): u32 {
  const slot = slotOf(row, column);
  const kind = slotKind(slot, rowStamp(row));
  const isNull = kind <= <u32>KIND_NULL && load<u32>(column, COLUMN_IS_NULL_DEFAULT) != 0;
  if (kind != KIND_STRING && !isNull) return writeAnyCell(row, column);
  if (!writeNullByte(column, isNull)) return DECLINED;
  const stream = <usize>load<u32>(<usize>load<u32>(column, COLUMN_BARE_NODE), NODE_STREAM);
  return isNull ? writeZeros(stream, 1) : writeText(stream, slot);
}

@inline
export function writeNullableFixedCell(row: usize, column: usize): u32 {
  const slot = slotOf(row, column);
  const kind = slotKind(slot, rowStamp(row));
  const isNull = kind <= <u32>KIND_NULL;
  if (isNull && load<u32>(column, COLUMN_IS_NULL_DEFAULT) == 0) return writeAnyCell(row, column);
  if (!writeNullByte(column, isNull)) return DECLINED;
  if (!isNull) return writeFixed(row, column, kind, slot);
  const node = <usize>load<u32>(column, COLUMN_BARE_NODE);
  return writeZeros(<usize>load<u32>(node, NODE_STREAM), <usize>load<u32>(node, NODE_WIDTH));
}

@inline
function writeNullByte(column: usize, isNull: bool): bool {
  const stream = <usize>load<u32>(<usize>load<u32>(column, COLUMN_NODE), NODE_STREAM);
  const at = reserve(stream, 1);
  if (at == 0) return false;
  store<u8>(at, <u8>isNull);
  setRegionCursor(stream, at + 1);
  return true;
}

@inline
function writeZeros(stream: usize, width: usize): u32 {
  const at = reserve(stream, width);
  if (at == 0) return DECLINED;
  if (width <= 16) v128.store(at, i64x2.splat(0));
  else memory.fill(at, 0, width);
  setRegionCursor(stream, at + width);
  return OK;
}

/** Any cell, the long way. */
export function writeAnyCell(row: usize, column: usize): u32 {
  const cell = findCell(row, column);
  if (cell >= CELL_REJECTED) return cell == CELL_REJECTED ? REJECT_FIELD_MISSING : DECLINED;
  const before = coercions;
  const outcome =
    cell == CELL_TYPE_DEFAULT
      ? writeColumnDefault(<usize>load<u32>(column, COLUMN_NODE))
      : writeColumnValue(cellNode, cellKind, cellStart, cellEnd);
  if (cell == CELL_CONSTANT) resetCoercions(before);
  if (outcome != OK || load<u64>(column, COLUMN_IS_EVENT_TIME) == 0) return outcome;
  return noteTime(row, column, columnValueAt, isRecordTime);
}
