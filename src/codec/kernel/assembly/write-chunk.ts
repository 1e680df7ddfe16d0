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
import { commitRow, hasCommitRoom, settleCoercions } from "./commit-row";
import { columnValueAt, writeColumnDefault, writeColumnValue } from "./encode-columns";
import { noteTime } from "./event-time";
import { findGroup } from "./group";
import { DECLINED, OK, REJECT_FIELD_MISSING } from "./layout";
import {
  COLUMN_BYTES,
  COLUMN_CHUNK_COERCIONS,
  COLUMN_IS_EVENT_TIME,
  COLUMN_NODE,
  PLAN_STREAM_COUNT,
  PLAN_STREAMS,
} from "./layout-plan";
import { allocate, regionBase, regionCursor, setRegionCursor } from "./memory";
import { coercions, resetCoercions } from "./outcome";
import { columnCount, columns, plan } from "./plan";
import { rowOutcome, setRowOutcome } from "./row";

/**
 * Writes a chunk of rows column by column, which keeps one column's dictionary, type and code at hand for all its rows.
 * A row that does not fit one of its columns has been written in part by then: the streams go back to where the chunk
 * began, and the rows that remain are written again. Rows without a fault, the normal case, are written once.
 */
export function writeChunk(rows: usize, rowBytes: usize, count: u32): void {
  saveCursors();
  const hasRoom = hasCommitRoom(count);
  for (let index: u32 = 0; index < count; index++) {
    const row = rows + <usize>index * rowBytes;
    const outcome = hasRoom ? findGroup(row) : DECLINED;
    if (outcome != OK) setRowOutcome(row, outcome, 0);
  }
  while (!writeColumns(rows, rowBytes, count)) {
    restoreCursors();
    settleCoercions(false);
  }
  settleCoercions(true);
  for (let index: u32 = 0; index < count; index++) {
    const row = rows + <usize>index * rowBytes;
    if (rowOutcome(row) == OK && findGroup(row) == OK) commitRow(row, 0);
  }
}

/** False when a row failed: it is marked, and the streams hold parts of it. Each failure takes at least one row out. */
function writeColumns(rows: usize, rowBytes: usize, count: u32): bool {
  let isComplete = true;
  for (let index: u32 = 0; index < columnCount; index++) {
    const column = columns + <usize>index * COLUMN_BYTES;
    resetCoercions();
    for (let number: u32 = 0; number < count; number++) {
      const row = rows + <usize>number * rowBytes;
      if (rowOutcome(row) != OK) continue;
      const outcome = writeCell(row, column);
      if (outcome == OK) continue;
      setRowOutcome(row, outcome, index);
      isComplete = false;
    }
    store<u32>(column, coercions, COLUMN_CHUNK_COERCIONS);
  }
  return isComplete;
}

@inline
function writeCell(row: usize, column: usize): u32 {
  const cell = findCell(row, column);
  if (cell >= CELL_REJECTED) return cell == CELL_REJECTED ? REJECT_FIELD_MISSING : DECLINED;
  const before = coercions;
  const outcome =
    cell == CELL_TYPE_DEFAULT
      ? writeColumnDefault(<usize>load<u32>(column, COLUMN_NODE))
      : writeColumnValue(cellNode, cellKind, cellStart, cellEnd);
  if (cell == CELL_CONSTANT) resetCoercions(before);
  // Both flags at once: hardly any column is a time that matters.
  if (outcome != OK || load<u64>(column, COLUMN_IS_EVENT_TIME) == 0) return outcome;
  return noteTime(row, column, columnValueAt, isRecordTime);
}

/** Bytes in each stream when the chunk began; plans have fewer streams than this, the host sees to it. */
export const STREAMS_MAX: u32 = 4096;
const saved: usize = allocate(<usize>STREAMS_MAX * 4);

function saveCursors(): void {
  const streams = <usize>load<u32>(plan, PLAN_STREAMS);
  const count = load<u32>(plan, PLAN_STREAM_COUNT);
  for (let index: usize = 0; index < <usize>count; index++) {
    const stream = <usize>load<u32>(streams + index * 4);
    store<u32>(saved + index * 4, <u32>(regionCursor(stream) - regionBase(stream)));
  }
}

function restoreCursors(): void {
  const streams = <usize>load<u32>(plan, PLAN_STREAMS);
  const count = load<u32>(plan, PLAN_STREAM_COUNT);
  for (let index: usize = 0; index < <usize>count; index++) {
    const stream = <usize>load<u32>(streams + index * 4);
    setRegionCursor(stream, regionBase(stream) + <usize>load<u32>(saved + index * 4));
  }
}
