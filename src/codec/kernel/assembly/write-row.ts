import { copyLoose } from "./bytes";
import {
  CELL_CONSTANT,
  CELL_REJECTED,
  CELL_TABLE_DEFAULT,
  CELL_TYPE_DEFAULT,
  CELL_VALUE,
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
import { writeFact } from "./fact";
import { findGroup } from "./group";
import {
  DECLINED,
  KIND_NULL,
  KIND_STRING,
  NODE_TYPE,
  NODE_WIDTH,
  OK,
  REJECT_FIELD_MISSING,
  TYPE_STRING,
} from "./layout";
import {
  COLUMN_BARE_NODE,
  COLUMN_BYTES,
  COLUMN_CHUNK_COERCIONS,
  COLUMN_IS_EVENT_TIME,
  COLUMN_IS_FACT_PLAIN,
  COLUMN_IS_NULL_DEFAULT,
  COLUMN_IS_NULLABLE,
  COLUMN_MISSING,
  COLUMN_NODE,
  COLUMN_SLOT,
  MISSING_TABLE_DEFAULT,
  PLAN_HAS_MARKERS,
} from "./layout-plan";
import { regionCursor, regionEnd, reserve, setRegionCursor } from "./memory";
import { coercions, resetCoercions } from "./outcome";
import { columnCount, columns, plan } from "./plan";
import { rowStamp, setRowOutcome, slotEnd, slotKind, slotStart } from "./row";
import { writeScalar } from "./scalar";

/** Room that is made sure of before each cell: a marker, a null byte, a length, and text or a type of common width. */
const CELL_ROOM: usize = 64;
const SHORT_BYTES: usize = CELL_ROOM - 8;

/** Writes a row in RowBinary, all columns or nothing. Returns OK, DECLINED or a rejection. */
export function writeRow(row: usize): u32 {
  const ready = hasCommitRoom(1) ? findGroup(row) : DECLINED;
  if (ready != OK) {
    setRowOutcome(row, ready, 0);
    return ready;
  }
  const start = rowBytes();
  resetCoercions();
  const outcome = load<u32>(plan, PLAN_HAS_MARKERS) != 0 ? writeMarkedCells(row) : writeCells(row);
  if (outcome != OK) {
    truncateRows(start);
    settleCoercions(false);
    setRowOutcome(row, outcome, failedColumn);
    return outcome;
  }
  if (isCoerced) settleCoercions(true);
  isCoerced = false;
  commitRow(row, start);
  return OK;
}

/** Index of the column that ended the row. */
let failedColumn: u32 = 0;
/** A cell of the row was converted. */
let isCoerced: bool = false;

@inline
function indexOf(column: usize): u32 {
  return <u32>((column - columns) / COLUMN_BYTES);
}

function noteCoercions(column: usize): void {
  store<u32>(column, coercions, COLUMN_CHUNK_COERCIONS);
  resetCoercions();
  isCoerced = true;
}

/**
 * The cells of a row. Nearly all are a field of the document, NULL for want of one, or a number that is a fact of the
 * record, in a type without parts: for these the place of the next byte stays in a local, and everything else takes the
 * long way through the region's own cursor.
 */
function writeCells(row: usize): u32 {
  const stamp = rowStamp(row);
  const columnsEnd = columns + <usize>columnCount * COLUMN_BYTES;
  let at = reserve(rows, CELL_ROOM);
  let limit = regionEnd(rows);
  if (at == 0) return DECLINED;
  for (let column = columns; column < columnsEnd; column += COLUMN_BYTES) {
    if (limit - at < CELL_ROOM) {
      setRegionCursor(rows, at);
      at = reserve(rows, CELL_ROOM);
      if (at == 0) return DECLINED;
      limit = regionEnd(rows);
    }
    const slotOffset = <usize>load<u32>(column, COLUMN_SLOT);
    if (slotOffset != 0) {
      const slot = row + slotOffset;
      const kind = slotKind(slot, stamp);
      if (kind > <u32>KIND_NULL) {
        const isNullable = load<u32>(column, COLUMN_IS_NULLABLE);
        // Written over by the value when the column has no null byte.
        store<u8>(at, 0);
        const valueAt = at + <usize>isNullable;
        const node = <usize>load<u32>(column, COLUMN_BARE_NODE);
        const type = <u32>load<u8>(node, NODE_TYPE);
        const start = slotStart(slot);
        const end = slotEnd(slot);
        if (type == TYPE_STRING) {
          const length = end - start;
          if (kind == KIND_STRING && length <= SHORT_BYTES) {
            store<u8>(valueAt, <u8>length);
            copyLoose(valueAt + 1, start, length);
            at = valueAt + 1 + length;
            continue;
          }
        } else {
          const width = <usize>load<u32>(node, NODE_WIDTH);
          // Types with parts have no width.
          if (width - 1 < SHORT_BYTES) {
            let outcome = writeScalar(node, kind, start, end, valueAt);
            // Both flags at once: hardly any column is a time that matters.
            if (outcome == OK && load<u64>(column, COLUMN_IS_EVENT_TIME) != 0) outcome = noteTime(row, column, valueAt, false);
            if (outcome != OK) {
              failedColumn = indexOf(column);
              return outcome;
            }
            if (coercions != 0) noteCoercions(column);
            at = valueAt + width;
            continue;
          }
        }
      } else if (load<u32>(column, COLUMN_IS_NULL_DEFAULT) != 0) {
        store<u8>(at++, 1);
        continue;
      }
    } else if (load<u32>(column, COLUMN_IS_FACT_PLAIN) != 0 && writeFactCell(row, column, at)) {
      at += <usize>load<u32>(<usize>load<u32>(column, COLUMN_BARE_NODE), NODE_WIDTH);
      continue;
    }
    setRegionCursor(rows, at);
    const outcome = writeCell(row, column);
    if (outcome != OK) {
      failedColumn = indexOf(column);
      return outcome;
    }
    if (coercions != 0) noteCoercions(column);
    at = reserve(rows, CELL_ROOM);
    if (at == 0) return DECLINED;
    limit = regionEnd(rows);
  }
  setRegionCursor(rows, at);
  return OK;
}

/** A whole number that is a fact of the record; false when it does not fit, which the long way then says. */
@inline
function writeFactCell(row: usize, column: usize, at: usize): bool {
  const isFound = findCell(row, column) == CELL_VALUE;
  return isFound && writeFact(cellNode, cellStart, cellEnd, at);
}

/** RowBinaryOptional: a column that the table's DEFAULT may fill is an array of no value or of one. */
function writeMarkedCells(row: usize): u32 {
  for (let index: u32 = 0; index < columnCount; index++) {
    const column = columns + <usize>index * COLUMN_BYTES;
    failedColumn = index;
    isTableDefault = false;
    let outcome: u32 = load<u32>(column, COLUMN_MISSING) == MISSING_TABLE_DEFAULT ? writeMarker(1) : OK;
    if (outcome == OK) outcome = writeCell(row, column);
    if (outcome != OK) return outcome;
    if (coercions != 0) noteCoercions(column);
    // Nothing was written after the length, which now becomes the other one.
    if (isTableDefault) store<u8>(regionCursor(rows) - 1, 0);
  }
  return OK;
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
