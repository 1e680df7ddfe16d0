import { addLatency, clearLatency, hasLatencyRoom } from "./latency";
import {
  COLUMN_BYTES,
  COLUMN_CHUNK_COERCIONS,
  COLUMN_COERCIONS,
  LATENESS_BANDS_MAX,
  PLAN_LATENCY_LAG_MS_MAX,
  PLAN_LATENESS_BAND_COUNT,
  PLAN_LATENESS_BOUNDS,
  PLAN_RECEIVED_MS,
} from "./layout-plan";
import {
  LEFT_OVER_BYTES,
  LEFT_OVER_KEY_END,
  LEFT_OVER_KEY_START,
  LEFT_OVER_OFFSET,
  LEFT_OVER_OUTCOME,
  LEFT_OVER_PLACE,
  LEFT_OVER_TIMESTAMP,
  LEFT_OVER_VALUE_END,
  LEFT_OVER_VALUE_START,
} from "./layout-result";
import { allocate, createRegion, regionBase, reserve, setRegionCursor } from "./memory";
import { columnCount, columns, plan } from "./plan";
import {
  NO_TIME,
  rowEventMs,
  rowGroupLength,
  rowGroupStart,
  rowIsKafkaTime,
  rowKafkaMs,
  rowKeyEnd,
  rowKeyStart,
  rowOffset,
  rowOutcome,
  rowPlace,
  rowSentMs,
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
/** Records without a row: LEFT_OVER_*. */
export const leftOver: usize = createRegion(1 << 12);

export let unknownFields: u32 = 0;
export let eventTimeFromKafka: u32 = 0;
/** Rows by lateness band, 32 bits each. */
export const lateRows: usize = allocate(4 * LATENESS_BANDS_MAX);

export function clearTask(): void {
  setRegionCursor(offsets, regionBase(offsets));
  setRegionCursor(starts, regionBase(starts));
  unknownFields = 0;
  eventTimeFromKafka = 0;
  memory.fill(lateRows, 0, 4 * LATENESS_BANDS_MAX);
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

/** PRECONDITION: `hasCommitRoom`, and `findGroup` has noted this row's group. Counts a row that has been written. */
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
  const lagMs = rowTimestampMs(row) - eventMs;
  let latentMs = eventMs;
  if (eventMs != NO_TIME && lagMs > load<i64>(<usize>load<u32>(plan, PLAN_LATENESS_BOUNDS))) {
    countLate(lagMs);
    if (lagMs > load<i64>(plan, PLAN_LATENCY_LAG_MS_MAX)) latentMs = NO_TIME;
  }
  addLatency(rowGroupStart(row), rowGroupLength(row), latentMs, rowSentMs(row), load<i64>(plan, PLAN_RECEIVED_MS));
}

/** Counts a row in the last band whose bound it exceeds. PRECONDITION: it exceeds the first. */
function countLate(lagMs: i64): void {
  const bounds = <usize>load<u32>(plan, PLAN_LATENESS_BOUNDS);
  let band = <usize>load<u32>(plan, PLAN_LATENESS_BAND_COUNT) - 1;
  while (lagMs <= load<i64>(bounds + band * 8)) band--;
  store<u32>(lateRows + band * 4, load<u32>(lateRows + band * 4) + 1);
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
  return reserve(leftOver, count * <usize>LEFT_OVER_BYTES) != 0;
}

/** Leaves a record to the reference. PRECONDITION: `clearLeftOver` has made room. */
export function leaveRow(row: usize): void {
  const at = reserve(leftOver, 0);
  store<u32>(at, rowOutcome(row), LEFT_OVER_OUTCOME);
  store<u32>(at, rowPlace(row), LEFT_OVER_PLACE);
  store<f64>(at, <f64>rowOffset(row), LEFT_OVER_OFFSET);
  store<f64>(at, <f64>rowKafkaMs(row), LEFT_OVER_TIMESTAMP);
  store<u32>(at, <u32>rowKeyStart(row), LEFT_OVER_KEY_START);
  store<u32>(at, <u32>rowKeyEnd(row), LEFT_OVER_KEY_END);
  store<u32>(at, <u32>rowValueStart(row), LEFT_OVER_VALUE_START);
  store<u32>(at, <u32>rowValueEnd(row), LEFT_OVER_VALUE_END);
  setRegionCursor(leftOver, at + LEFT_OVER_BYTES);
}
