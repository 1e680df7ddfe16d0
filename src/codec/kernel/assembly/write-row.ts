import { copyLoose, writeVarUint } from "./bytes";
import {
  CELL_CONSTANT,
  CELL_REJECTED,
  CELL_TABLE_DEFAULT,
  CELL_TYPE_DEFAULT,
  cellEnd,
  cellKind,
  cellNode,
  cellStart,
  findCell,
  isRecordTime,
} from "./cell";
import { commitRow, hasCommitRoom, settleCoercions } from "./commit-row";
import { rowBytes, rows, rowValueAt, truncateRows, writeMarker, writeRowDefault, writeRowValue } from "./encode-rows";
import { noteTime } from "./event-time";
import { findGroup } from "./group";
import {
  DECLINED,
  KIND_NULL,
  KIND_STRING,
  NODE_TYPE,
  NODE_WIDTH,
  OK,
  REJECT_FIELD_MISSING,
  TYPE_NULLABLE,
  TYPE_STRING,
} from "./layout";
import {
  COLUMN_BARE_NODE,
  COLUMN_BYTES,
  COLUMN_CHUNK_COERCIONS,
  COLUMN_IS_EVENT_TIME,
  COLUMN_IS_NULL_DEFAULT,
  COLUMN_IS_NULLABLE,
  COLUMN_NODE,
  COLUMN_SLOT,
  PLAN_HAS_MARKERS,
} from "./layout-plan";
import { regionCursor, reserve, setRegionCursor } from "./memory";
import { coercions, resetCoercions } from "./outcome";
import { columnCount, columns, plan } from "./plan";
import { rowStamp, setRowOutcome, slotEnd, slotKind, slotStart } from "./row";
import { writeScalar } from "./scalar";

/** Room that is made sure of before each cell: a marker, a null byte, a length and a type of common width. */
const CELL_ROOM: usize = 64;

/** Writes a row in RowBinary, all columns or nothing. Returns OK, DECLINED or a rejection. */
export function writeRow(row: usize): u32 {
  const ready = hasCommitRoom(1) ? findGroup(row) : DECLINED;
  if (ready != OK) {
    setRowOutcome(row, ready, 0);
    return ready;
  }
  const start = rowBytes();
  const stamp = rowStamp(row);
  const hasMarkers = load<u32>(plan, PLAN_HAS_MARKERS) != 0;
  const columnsEnd = columns + <usize>columnCount * COLUMN_BYTES;
  let isCoerced = false;
  resetCoercions();
  for (let column = columns; column < columnsEnd; column += COLUMN_BYTES) {
    const outcome = hasMarkers ? writeMarkedCell(row, column) : writePlainCell(row, column, stamp);
    if (outcome != OK) return takeBack(row, start, outcome, (column - columns) / COLUMN_BYTES);
    if (coercions == 0) continue;
    store<u32>(column, coercions, COLUMN_CHUNK_COERCIONS);
    resetCoercions();
    isCoerced = true;
  }
  if (isCoerced) settleCoercions(true);
  commitRow(row, start);
  return OK;
}

function takeBack(row: usize, start: usize, outcome: u32, column: usize): u32 {
  truncateRows(start);
  settleCoercions(false);
  setRowOutcome(row, outcome, <u32>column);
  return outcome;
}

/**
 * The cells of nearly all rows: a field of the document, or NULL for want of one, in a type without parts. Everything
 * else takes the long way.
 */
@inline
function writePlainCell(row: usize, column: usize, stamp: u32): u32 {
  const slotOffset = <usize>load<u32>(column, COLUMN_SLOT);
  if (slotOffset == 0) return writeCell(row, column);
  const slot = row + slotOffset;
  const kind = slotKind(slot, stamp);
  let at = reserve(rows, CELL_ROOM);
  if (at == 0) return DECLINED;
  if (kind <= <u32>KIND_NULL) {
    if (load<u32>(column, COLUMN_IS_NULL_DEFAULT) == 0) return writeCell(row, column);
    store<u8>(at, 1);
    setRegionCursor(rows, at + 1);
    return OK;
  }
  if (load<u32>(column, COLUMN_IS_NULLABLE) != 0) store<u8>(at++, 0);
  const node = <usize>load<u32>(column, COLUMN_BARE_NODE);
  const type = <u32>load<u8>(node, NODE_TYPE);
  const start = slotStart(slot);
  const end = slotEnd(slot);
  if (type == TYPE_STRING && kind == KIND_STRING) {
    const length = end - start;
    if (length > CELL_ROOM - 8) {
      setRegionCursor(rows, at);
      return writeRowValue(node, kind, start, end);
    }
    const to = writeVarUint(at, length);
    copyLoose(to, start, length);
    setRegionCursor(rows, to + length);
    return OK;
  }
  const width = <usize>load<u32>(node, NODE_WIDTH);
  if (type >= <u32>TYPE_NULLABLE || type == TYPE_STRING || width > CELL_ROOM - 8) {
    setRegionCursor(rows, at);
    return writeRowValue(node, kind, start, end);
  }
  setRegionCursor(rows, at + width);
  const outcome = writeScalar(node, kind, start, end, at);
  // Both flags at once: hardly any column is a time that matters.
  if (outcome != OK || load<u64>(column, COLUMN_IS_EVENT_TIME) == 0) return outcome;
  return noteTime(row, column, at, false);
}

/** RowBinaryWithDefaults: a byte before each value says whether one follows. */
function writeMarkedCell(row: usize, column: usize): u32 {
  const marked = writeMarker(0);
  if (marked != OK) return marked;
  isTableDefault = false;
  const outcome = writeCell(row, column);
  // Nothing was written behind the marker, which now becomes the other one.
  if (isTableDefault) store<u8>(regionCursor(rows) - 1, 1);
  return outcome;
}

let isTableDefault: bool = false;

/** Any cell, the long way. */
function writeCell(row: usize, column: usize): u32 {
  const cell = findCell(row, column);
  if (cell == CELL_TABLE_DEFAULT) {
    isTableDefault = true;
    return OK;
  }
  if (cell >= CELL_REJECTED) return cell == CELL_REJECTED ? REJECT_FIELD_MISSING : DECLINED;
  const outcome =
    cell == CELL_TYPE_DEFAULT
      ? writeRowDefault(<usize>load<u32>(column, COLUMN_NODE))
      : writeRowValue(cellNode, cellKind, cellStart, cellEnd);
  if (cell == CELL_CONSTANT) resetCoercions();
  if (outcome != OK || load<u64>(column, COLUMN_IS_EVENT_TIME) == 0) return outcome;
  return noteTime(row, column, rowValueAt, isRecordTime);
}
