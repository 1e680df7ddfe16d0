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
import { findIndex, hasWidthFor, indexWidth, NO_INDEX } from "./dictionary";
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
import { regionCursor, regionEnd, reserve, setRegionCursor } from "./memory";
import { coercions, resetCoercions } from "./outcome";
import { rowBytes } from "./plan";
import { rowOutcome, rowStamp, setRowOutcome, slotEnd, slotKind, slotStart } from "./row";
import { writeScalar } from "./scalar";

/**
 * One column of a chunk of rows: a loop for each of the ways that nearly all columns take, with the place of the next
 * byte in a local, and the long way for the rest and for every cell that is not what its column mostly has. Each
 * returns false when a row failed; the row is marked then.
 */

@inline
function streamOf(node: usize): usize {
  return <usize>load<u32>(node, NODE_STREAM);
}

/** String, or Nullable(String) with its null map. */
@inline
export function writeStringColumn(column: usize, index: u32, rows: usize, end: usize, isNullable: bool): bool {
  const slotOffset = <usize>load<u32>(column, COLUMN_SLOT);
  const isNullDefault = load<u32>(column, COLUMN_IS_NULL_DEFAULT) != 0;
  const nulls = streamOf(<usize>load<u32>(column, COLUMN_NODE));
  const stream = streamOf(<usize>load<u32>(column, COLUMN_BARE_NODE));
  let isComplete = true;
  let at = regionCursor(stream);
  let limit = regionEnd(stream);
  for (let row = rows; row < end; row += rowBytes) {
    if (rowOutcome(row) != OK) continue;
    const slot = row + slotOffset;
    const kind = slotKind(slot, rowStamp(row));
    const isNull = isNullable && isNullDefault && kind <= <u32>KIND_NULL;
    const length: usize = kind == KIND_STRING ? slotEnd(slot) - slotStart(slot) : 0;
    if ((kind == KIND_STRING || isNull) && limit - at >= length + 8 && (!isNullable || writeNullByte(nulls, isNull))) {
      const to = writeVarUint(at, length);
      if (!isNull) copyLoose(to, slotStart(slot), length);
      at = to + length;
      continue;
    }
    setRegionCursor(stream, at);
    // A stream that is merely full grows here, and the cell is written by the long way after all.
    const outcome = reserve(stream, length + 8) == 0 ? DECLINED : writeAnyCell(row, column);
    if (outcome != OK) isComplete = failRow(row, outcome, index);
    at = regionCursor(stream);
    limit = regionEnd(stream);
  }
  setRegionCursor(stream, at);
  return isComplete;
}

/** LowCardinality(String). */
export function writeDictionaryColumn(column: usize, index: u32, rows: usize, end: usize): bool {
  const slotOffset = <usize>load<u32>(column, COLUMN_SLOT);
  const node = <usize>load<u32>(column, COLUMN_NODE);
  const dictionary = <usize>load<u32>(node, NODE_DICTIONARY);
  const stream = streamOf(node);
  let isComplete = true;
  for (let row = rows; row < end; row += rowBytes) {
    if (rowOutcome(row) != OK) continue;
    const slot = row + slotOffset;
    if (slotKind(slot, rowStamp(row)) == KIND_STRING) {
      const start = slotStart(slot);
      const key = findIndex(dictionary, start, slotEnd(slot) - start);
      const at = reserve(stream, 4);
      if (key != NO_INDEX && at != 0 && key < 256 && indexWidth(dictionary) == 1) {
        store<u8>(at, <u8>key);
        setRegionCursor(stream, at + 1);
        continue;
      }
      if (key != NO_INDEX && at != 0 && hasWidthFor(dictionary, stream, key)) {
        const place = reserve(stream, 4);
        if (place != 0) {
          store<u32>(place, key);
          setRegionCursor(stream, place + <usize>indexWidth(dictionary));
          continue;
        }
      }
      isComplete = failRow(row, DECLINED, index);
      continue;
    }
    const outcome = writeAnyCell(row, column);
    if (outcome != OK) isComplete = failRow(row, outcome, index);
  }
  return isComplete;
}

/** A type of fixed width, or its Nullable with the null map. */
@inline
export function writeFixedColumn(column: usize, index: u32, rows: usize, end: usize, isNullable: bool): bool {
  const slotOffset = <usize>load<u32>(column, COLUMN_SLOT);
  const isNullDefault = load<u32>(column, COLUMN_IS_NULL_DEFAULT) != 0;
  // Both flags at once: hardly any column is a time that matters.
  const isTime = load<u64>(column, COLUMN_IS_EVENT_TIME) != 0;
  const node = <usize>load<u32>(column, COLUMN_BARE_NODE);
  const nulls = streamOf(<usize>load<u32>(column, COLUMN_NODE));
  const stream = streamOf(node);
  const width = <usize>load<u32>(node, NODE_WIDTH);
  let isComplete = true;
  for (let row = rows; row < end; row += rowBytes) {
    if (rowOutcome(row) != OK) continue;
    const slot = row + slotOffset;
    const kind = slotKind(slot, rowStamp(row));
    const isNull = isNullable && isNullDefault && kind <= <u32>KIND_NULL;
    let outcome: u32;
    if (kind > <u32>KIND_NULL || isNull) {
      const at = reserve(stream, width);
      if (at == 0 || (isNullable && !writeNullByte(nulls, isNull))) {
        outcome = DECLINED;
      } else {
        setRegionCursor(stream, at + width);
        if (isNull) outcome = writeZeros(at, width);
        else outcome = writeScalar(node, kind, slotStart(slot), slotEnd(slot), at);
        if (isTime && outcome == OK) outcome = noteTime(row, column, isNull ? 0 : at, false);
      }
    } else {
      outcome = writeAnyCell(row, column);
    }
    if (outcome != OK) isComplete = failRow(row, outcome, index);
  }
  return isComplete;
}

export function writeAnyColumn(column: usize, index: u32, rows: usize, end: usize): bool {
  let isComplete = true;
  for (let row = rows; row < end; row += rowBytes) {
    if (rowOutcome(row) != OK) continue;
    const outcome = writeAnyCell(row, column);
    if (outcome != OK) isComplete = failRow(row, outcome, index);
  }
  return isComplete;
}

/** Always false: the column is not complete then. */
function failRow(row: usize, outcome: u32, index: u32): bool {
  setRowOutcome(row, outcome, index);
  return false;
}

@inline
function writeNullByte(stream: usize, isNull: bool): bool {
  const at = reserve(stream, 1);
  if (at == 0) return false;
  store<u8>(at, <u8>isNull);
  setRegionCursor(stream, at + 1);
  return true;
}

/** What lies under a NULL. */
@inline
function writeZeros(at: usize, width: usize): u32 {
  if (width <= 16) v128.store(at, i64x2.splat(0));
  else memory.fill(at, 0, width);
  return OK;
}

/** Any cell, the long way. Returns OK, DECLINED or a rejection. */
function writeAnyCell(row: usize, column: usize): u32 {
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
