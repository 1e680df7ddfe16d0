import { commitRow, hasCommitRoom, settleCoercions } from "./commit-row";
import { markIndexes, restoreIndexes } from "./dictionary";
import { findGroup } from "./group";
import { DECLINED, OK } from "./layout";
import {
  CHUNK_DICTIONARY,
  CHUNK_FIXED,
  CHUNK_NULLABLE_FIXED,
  CHUNK_NULLABLE_STRING,
  CHUNK_STRING,
  COLUMN_BYTES,
  COLUMN_CHUNK_COERCIONS,
  COLUMN_CHUNK_WAY,
  PLAN_DICTIONARIES,
  PLAN_DICTIONARY_COUNT,
  PLAN_STREAM_COUNT,
  PLAN_STREAMS,
} from "./layout-plan";
import { allocate, regionBase, regionCursor, setRegionCursor } from "./memory";
import { coercions, resetCoercions } from "./outcome";
import { columnCount, columns, plan, rowBytes } from "./plan";
import { rowOutcome, setRowOutcome } from "./row";
import { writeAnyColumn, writeDictionaryColumn, writeFixedColumn, writeStringColumn } from "./write-column";

/**
 * Writes a chunk of rows column by column, which keeps one column's dictionary, type and code at hand for all its rows.
 * A row that does not fit one of its columns has been written in part by then: the streams go back to where the chunk
 * began, and the rows that remain are written again. Rows without a fault, the normal case, are written once.
 */
export function writeChunk(rows: usize, count: u32): void {
  saveCursors();
  const end = rows + <usize>count * rowBytes;
  const hasRoom = hasCommitRoom(count);
  for (let row = rows; row < end; row += rowBytes) {
    const outcome = hasRoom ? findGroup(row) : DECLINED;
    if (outcome != OK) setRowOutcome(row, outcome, 0);
  }
  while (!writeColumns(rows, end)) {
    restoreCursors();
    settleCoercions(false);
  }
  settleCoercions(true);
  for (let row = rows; row < end; row += rowBytes) {
    if (rowOutcome(row) == OK) commitRow(row, 0);
  }
}

/** False when a row failed: it is marked, and the streams hold parts of it. Each failure takes at least one row out. */
function writeColumns(rows: usize, end: usize): bool {
  let isComplete = true;
  for (let index: u32 = 0; index < columnCount; index++) {
    const column = columns + <usize>index * COLUMN_BYTES;
    resetCoercions();
    if (!writeColumn(column, index, rows, end)) isComplete = false;
    store<u32>(column, coercions, COLUMN_CHUNK_COERCIONS);
  }
  return isComplete;
}

/** False when a row failed. */
function writeColumn(column: usize, index: u32, rows: usize, end: usize): bool {
  switch (load<u32>(column, COLUMN_CHUNK_WAY)) {
    case CHUNK_STRING:
      return writeStringColumn(column, index, rows, end, false);
    case CHUNK_DICTIONARY:
      return writeDictionaryColumn(column, index, rows, end);
    case CHUNK_FIXED:
      return writeFixedColumn(column, index, rows, end, false);
    case CHUNK_NULLABLE_STRING:
      return writeStringColumn(column, index, rows, end, true);
    case CHUNK_NULLABLE_FIXED:
      return writeFixedColumn(column, index, rows, end, true);
    default:
      return writeAnyColumn(column, index, rows, end);
  }
}

/** Bytes in each stream when the chunk began (indexes may be wider by its end); plans have fewer streams than this, the host sees to it. */
const STREAMS_MAX: u32 = 4096;
const saved: usize = allocate(<usize>STREAMS_MAX * 4);

function saveCursors(): void {
  const streams = <usize>load<u32>(plan, PLAN_STREAMS);
  const count = load<u32>(plan, PLAN_STREAM_COUNT);
  for (let index: usize = 0; index < <usize>count; index++) {
    const stream = <usize>load<u32>(streams + index * 4);
    store<u32>(saved + index * 4, <u32>(regionCursor(stream) - regionBase(stream)));
  }
  const dictionaries = <usize>load<u32>(plan, PLAN_DICTIONARIES);
  for (let index: u32 = 0; index < load<u32>(plan, PLAN_DICTIONARY_COUNT); index++) {
    markIndexes(<usize>load<u32>(dictionaries + <usize>index * 4));
  }
}

function restoreCursors(): void {
  const streams = <usize>load<u32>(plan, PLAN_STREAMS);
  const count = load<u32>(plan, PLAN_STREAM_COUNT);
  for (let index: usize = 0; index < <usize>count; index++) {
    const stream = <usize>load<u32>(streams + index * 4);
    setRegionCursor(stream, regionBase(stream) + <usize>load<u32>(saved + index * 4));
  }
  const dictionaries = <usize>load<u32>(plan, PLAN_DICTIONARIES);
  for (let index: u32 = 0; index < load<u32>(plan, PLAN_DICTIONARY_COUNT); index++) {
    restoreIndexes(<usize>load<u32>(dictionaries + <usize>index * 4));
  }
}
