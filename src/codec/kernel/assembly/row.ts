import { KIND_MISSING, SLOT_END, SLOT_KIND, SLOT_STAMP, SLOT_START } from "./layout";
import { PLAN_JUDGED_MS, PLAN_RECEIVED_MS } from "./layout-plan";
import { plan } from "./plan";

/**
 * A record on its way to a row: facts about it, then from ROW_SLOTS on a slot for each field that the plan reads, and
 * one for all others. Rows are taken one by one (RowBinary) or in chunks, column by column (Native).
 */

// The record's facts, as the host and the columns know them.
const ROW_OFFSET: usize = 0;
const ROW_TIMESTAMP: usize = 8;
const ROW_EVENT: usize = 16;
const ROW_KEY_START: usize = 24;
const ROW_KEY_END: usize = 28;
const ROW_VALUE_START: usize = 32;
const ROW_VALUE_END: usize = 36;
const ROW_OUTCOME: usize = 40;
const ROW_PLACE: usize = 44;
const ROW_STAMP: usize = 48;
const ROW_UNKNOWN: usize = 52;
const ROW_IS_KAFKA_TIME: usize = 56;
const ROW_GROUP_START: usize = 60;
const ROW_GROUP_LENGTH: usize = 64;

/** Stands for "no event time". */
export const NO_TIME: i64 = i64.MIN_VALUE;

@inline
export function rowOffset(row: usize): i64 {
  return load<i64>(row, ROW_OFFSET);
}
/** Kafka's time, negative when the producer set none. */
@inline
export function rowKafkaMs(row: usize): i64 {
  return load<i64>(row, ROW_TIMESTAMP);
}
/** The record's time: for want of Kafka's the time that the task is judged by, so that a replay writes the same. */
@inline
export function rowTimestampMs(row: usize): i64 {
  const kafkaMs = rowKafkaMs(row);
  return kafkaMs >= 0 ? kafkaMs : load<i64>(plan, PLAN_JUDGED_MS);
}
/** Where the record's latency begins: for want of Kafka's time that of receipt. */
@inline
export function rowSentMs(row: usize): i64 {
  const kafkaMs = rowKafkaMs(row);
  return kafkaMs >= 0 ? kafkaMs : load<i64>(plan, PLAN_RECEIVED_MS);
}
@inline
export function rowEventMs(row: usize): i64 {
  return load<i64>(row, ROW_EVENT);
}
@inline
export function setRowEventMs(row: usize, eventMs: i64): void {
  store<i64>(row, eventMs, ROW_EVENT);
}
@inline
export function rowKeyStart(row: usize): usize {
  return <usize>load<u32>(row, ROW_KEY_START);
}
@inline
export function rowKeyEnd(row: usize): usize {
  return <usize>load<u32>(row, ROW_KEY_END);
}
@inline
export function rowValueStart(row: usize): usize {
  return <usize>load<u32>(row, ROW_VALUE_START);
}
@inline
export function rowValueEnd(row: usize): usize {
  return <usize>load<u32>(row, ROW_VALUE_END);
}
/** OK, DECLINED or a rejection; `rowPlace` is the column or rule that said so. */
@inline
export function rowOutcome(row: usize): u32 {
  return load<u32>(row, ROW_OUTCOME);
}
@inline
export function rowPlace(row: usize): u32 {
  return load<u32>(row, ROW_PLACE);
}
@inline
export function setRowOutcome(row: usize, outcome: u32, place: u32): void {
  store<u32>(row, outcome, ROW_OUTCOME);
  store<u32>(row, place, ROW_PLACE);
}
/** Distinct fields of the document that nothing reads. */
@inline
export function rowUnknownFields(row: usize): u32 {
  return load<u32>(row, ROW_UNKNOWN);
}
@inline
export function setRowUnknownFields(row: usize, count: u32): void {
  store<u32>(row, count, ROW_UNKNOWN);
}
@inline
export function rowIsKafkaTime(row: usize): bool {
  return load<u32>(row, ROW_IS_KAFKA_TIME) != 0;
}
@inline
export function setRowIsKafkaTime(row: usize): void {
  store<u32>(row, 1, ROW_IS_KAFKA_TIME);
}
/** The row's latency group, after `findGroup` (group.ts). */
@inline
export function rowGroupStart(row: usize): usize {
  return <usize>load<u32>(row, ROW_GROUP_START);
}
@inline
export function rowGroupLength(row: usize): usize {
  return <usize>load<u32>(row, ROW_GROUP_LENGTH);
}
@inline
export function setRowGroup(row: usize, start: usize, length: usize): void {
  store<u32>(row, <u32>start, ROW_GROUP_START);
  store<u32>(row, <u32>length, ROW_GROUP_LENGTH);
}

/** A stamp marks what the current record has written, so that nothing has to be cleared between records. */
let stamp: u32 = 0;

/** Begins a row; all its slots are missing then. */
export function openRow(
  row: usize,
  offset: i64,
  kafkaMs: i64,
  keyStart: usize,
  keyEnd: usize,
  valueStart: usize,
  valueEnd: usize,
): void {
  // After four thousand million records an old stamp could look new; zero is never used.
  stamp++;
  store<i64>(row, offset, ROW_OFFSET);
  store<i64>(row, kafkaMs, ROW_TIMESTAMP);
  store<i64>(row, NO_TIME, ROW_EVENT);
  store<u32>(row, <u32>keyStart, ROW_KEY_START);
  store<u32>(row, <u32>keyEnd, ROW_KEY_END);
  store<u32>(row, <u32>valueStart, ROW_VALUE_START);
  store<u32>(row, <u32>valueEnd, ROW_VALUE_END);
  store<u64>(row, 0, ROW_OUTCOME);
  store<u32>(row, stamp, ROW_STAMP);
  store<u64>(row, 0, ROW_UNKNOWN);
}

@inline
export function rowStamp(row: usize): u32 {
  return load<u32>(row, ROW_STAMP);
}

@inline
export function setSlot(slot: usize, kind: u32, start: usize, end: usize, stamp: u32): void {
  store<u32>(slot, kind, SLOT_KIND);
  store<u32>(slot, <u32>start, SLOT_START);
  store<u32>(slot, <u32>end, SLOT_END);
  store<u32>(slot, stamp, SLOT_STAMP);
}

/** The kind of a slot, KIND_MISSING when the record of `stamp` has not written it. */
@inline
export function slotKind(slot: usize, stamp: u32): u32 {
  return load<u32>(slot, SLOT_STAMP) == stamp ? load<u32>(slot, SLOT_KIND) : KIND_MISSING;
}
@inline
export function slotStart(slot: usize): usize {
  return <usize>load<u32>(slot, SLOT_START);
}
@inline
export function slotEnd(slot: usize): usize {
  return <usize>load<u32>(slot, SLOT_END);
}
