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
import { rowBytes, rowValueAt, truncateRows, writeMarker, writeRowDefault, writeRowValue } from "./encode-rows";
import { noteTime } from "./event-time";
import { findGroup } from "./group";
import { DECLINED, OK, REJECT_FIELD_MISSING } from "./layout";
import {
  COLUMN_BYTES,
  COLUMN_CHUNK_COERCIONS,
  COLUMN_IS_EVENT_TIME,
  COLUMN_NODE,
  PLAN_HAS_MARKERS,
} from "./layout-plan";
import { coercions, resetCoercions } from "./outcome";
import { columnCount, columns, plan } from "./plan";
import { setRowOutcome } from "./row";

/** Writes a row in RowBinary, all columns or nothing. Returns OK, DECLINED or a rejection. */
export function writeRow(row: usize): u32 {
  let outcome = hasCommitRoom(1) ? findGroup(row) : DECLINED;
  if (outcome != OK) {
    setRowOutcome(row, outcome, 0);
    return outcome;
  }
  const start = rowBytes();
  const hasMarkers = load<u32>(plan, PLAN_HAS_MARKERS) != 0;
  let isCoerced = false;
  for (let index: u32 = 0; index < columnCount; index++) {
    const column = columns + <usize>index * COLUMN_BYTES;
    resetCoercions();
    outcome = writeCell(row, column, hasMarkers);
    if (outcome != OK) {
      truncateRows(start);
      settleCoercions(false);
      setRowOutcome(row, outcome, index);
      return outcome;
    }
    if (coercions == 0) continue;
    store<u32>(column, coercions, COLUMN_CHUNK_COERCIONS);
    isCoerced = true;
  }
  if (isCoerced) settleCoercions(true);
  commitRow(row, start);
  return OK;
}

@inline
function writeCell(row: usize, column: usize, hasMarkers: bool): u32 {
  const cell = findCell(row, column);
  if (cell >= CELL_REJECTED) return cell == CELL_REJECTED ? REJECT_FIELD_MISSING : DECLINED;
  if (cell == CELL_TABLE_DEFAULT) return writeMarker(1);
  if (hasMarkers) {
    const marked = writeMarker(0);
    if (marked != OK) return marked;
  }
  const outcome =
    cell == CELL_TYPE_DEFAULT
      ? writeRowDefault(<usize>load<u32>(column, COLUMN_NODE))
      : writeRowValue(cellNode, cellKind, cellStart, cellEnd);
  if (cell == CELL_CONSTANT) resetCoercions();
  // Both flags at once: hardly any column is a time that matters.
  if (outcome != OK || load<u64>(column, COLUMN_IS_EVENT_TIME) == 0) return outcome;
  return noteTime(row, column, rowValueAt, isRecordTime);
}
