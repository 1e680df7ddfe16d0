import { groupLength, groupStart } from "./group";
import { addLatency, clearLatency, hasLatencyRoom } from "./latency";
import { COLUMN_BYTES, COLUMN_CHUNK_COERCIONS, COLUMN_COERCIONS, PLAN_RECEIVED_MS } from "./layout-plan";
import { createRegion, regionBase, reserve, setRegionCursor } from "./memory";
import { columnCount, columns, plan } from "./plan";
import {
  NO_TIME,
  rowEventMs,
  rowIsKafkaTime,
  rowKeyEnd,
  rowKeyStart,
  rowOffset,
  rowOutcome,
  rowPlace,
  rowTimestampMs,
  rowUnknownFields,
  rowValueEnd,
  rowValueStart,
} from "./row";

/** What a task has made so far, besides the rows themselves. */

/** Kafka offset of each row, as a double. */
export const offsets: usize = createRegion(1 << 14);
/** Where each row begins (RowBinary), 32 bits. */
export const starts: usize = createRegion(1 << 13);
/** Records without a row: outcome, place (u32), offset, timestamp (f64), key and value bounds (u32). */
export const leftOver: usize = createRegion(1 << 12);
export const LEFT_OVER_BYTES: usize = 40;

export let unknownFields: u32 = 0;
export let eventTimeFromKafka: u32 = 0;
export let late: u32 = 0;

/** A row this far behind its Kafka time is late (a backlog or a replay), not slow. */
const LATE_MS: i64 = 3600000;

export function clearTask(): void {
  setRegionCursor(offsets, regionBase(offsets));
  setRegionCursor(starts, regionBase(starts));
  unknownFields = 0;
  eventTimeFromKafka = 0;
  late = 0;
  clearLatency();
  for (let index: u32 = 0; index < columnCount; index++) {
    store<u64>(columns + <usize>index * COLUMN_BYTES, 0, COLUMN_COERCIONS);
  }
}

/** Makes sure, before they are written, that so many rows (at most CHUNK_ROWS) can be counted. */
@inline
export function hasCommitRoom(rows: u32): bool {
  return reserve(offsets, 8 * <usize>rows) != 0 && reserve(starts, 4 * <usize>rows) != 0 && hasLatencyRoom(rows);
}

/** PRECONDITION: `hasCommitRoom`, and `findGroup` has found this row's group. Counts a row that has been written. */
export function commitRow(row: usize, start: usize): void {
  const offsetAt = reserve(offsets, 8);
  store<f64>(offsetAt, <f64>rowOffset(row));
  setRegionCursor(offsets, offsetAt + 8);
  const startAt = reserve(starts, 4);
  store<u32>(startAt, <u32>start);
  setRegionCursor(starts, startAt + 4);
  unknownFields += rowUnknownFields(row);
  if (rowIsKafkaTime(row)) eventTimeFromKafka++;
  const eventMs = rowEventMs(row);
  const recordMs = rowTimestampMs(row);
  if (eventMs != NO_TIME && recordMs - eventMs > LATE_MS) late++;
  addLatency(groupStart, groupLength, eventMs, recordMs, load<i64>(plan, PLAN_RECEIVED_MS));
}

/** Adds the conversions of rows that were written to the columns' counts, or forgets them. */
export function settleCoercions(isWritten: bool): void {
  for (let index: u32 = 0; index < columnCount; index++) {
    const column = columns + <usize>index * COLUMN_BYTES;
    if (isWritten) store<u32>(column, load<u32>(column, COLUMN_COERCIONS) + load<u32>(column, COLUMN_CHUNK_COERCIONS), COLUMN_COERCIONS);
    store<u32>(column, 0, COLUMN_CHUNK_COERCIONS);
  }
}

/** Empties the list of records without a row and makes room for `count` of them; false when memory is at its bound. */
export function clearLeftOver(count: usize): bool {
  setRegionCursor(leftOver, regionBase(leftOver));
  return reserve(leftOver, count * LEFT_OVER_BYTES) != 0;
}

/** Leaves a record to the reference. PRECONDITION: `clearLeftOver` has made room. */
export function leaveRow(row: usize): void {
  const at = reserve(leftOver, 0);
  store<u32>(at, rowOutcome(row));
  store<u32>(at, rowPlace(row), 4);
  store<f64>(at, <f64>rowOffset(row), 8);
  store<f64>(at, <f64>rowTimestampMs(row), 16);
  store<u32>(at, <u32>rowKeyStart(row), 24);
  store<u32>(at, <u32>rowKeyEnd(row), 28);
  store<u32>(at, <u32>rowValueStart(row), 32);
  store<u32>(at, <u32>rowValueEnd(row), 36);
  setRegionCursor(leftOver, at + LEFT_OVER_BYTES);
}
