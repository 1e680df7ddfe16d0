import { clearLeftOver, clearTask, eventTimeFromKafka, lateRows, leaveRow, leftOver, offsets, starts, unknownFields } from "./commit-row";
import { clearDictionary } from "./dictionary";
import { readDocument } from "./document";
import { clearRows, rows } from "./encode-rows";
import { DECLINED, OK, SLOT_BYTES } from "./layout";
import { setUnknownSlot } from "./keys";
import {
  PLAN_DICTIONARIES,
  PLAN_DICTIONARY_COUNT,
  PLAN_MAY_BE_MESSAGE_PACK,
  PLAN_STREAM_COUNT,
  PLAN_STREAMS,
} from "./layout-plan";
import { BATCH_COMPLETE, BATCH_CORRUPT, BATCH_NO_MEMORY } from "./layout-result";
import { inflateLz4 } from "./lz4";
import { allocate, createRegion, regionBase, regionCursor, reserve, setRegionCursor } from "./memory";
import { plan, rowBytes, usePlan } from "./plan";
import { CHUNK_ROWS } from "./record-id";
import {
  keyEnd,
  keyStart,
  nextRecord,
  openRecords,
  recordOffset,
  timestampMs,
  valueEnd,
  valueStart,
} from "./records";
import { openRow, rowOutcome, rowValueEnd, rowValueStart, setRowOutcome } from "./row";
import { applyRules } from "./rules";
import { inflateSnappy } from "./snappy";
import { writeChunk } from "./write-chunk";
import { writeRow } from "./write-row";

/**
 * The kernel's calls, in the order of their use: `allocate` and write a plan, `setUp` it; then for each task `beginTask`,
 * for each batch `inflate` if need be and `runBatch`, whose left-over records the host takes before the next batch; at
 * last the regions hold the task's rows.
 */
export { adoptRows } from "./adopt-rows";
export { createDictionary, dictionaryCount, dictionaryKeys, indexWidth } from "./dictionary";
export { addPlanKey } from "./keys";
export { latencyCounts, latencyGroupCount, latencyGroups, latencyPlaces, settleLatency } from "./latency";
export { seedHash } from "./bytes";
export { forgetRows } from "./encode-rows";
export { allocate, createRegion, regionBase, regionCursor };

export const rowsRegion: usize = rows;
export const offsetsRegion: usize = offsets;
export const startsRegion: usize = starts;
export const leftOverRegion: usize = leftOver;
/** A batch's records as they came, and inflated. */
export const inputRegion: usize = createRegion(1 << 16);
export const inflatedRegion: usize = createRegion(1 << 16);

export function countOfUnknownFields(): u32 {
  return unknownFields;
}
export function countOfKafkaTimes(): u32 {
  return eventTimeFromKafka;
}
/** Rows by lateness band, 32 bits each. */
export function latenessCounts(): usize {
  return lateRows;
}

let chunk: usize = 0;
let isNative: bool = false;
let mayBeMessagePack: bool = false;

/** False when the plan's rows find no memory. */
export function setUp(address: usize): bool {
  usePlan(address);
  mayBeMessagePack = load<u32>(address, PLAN_MAY_BE_MESSAGE_PACK) != 0;
  setUnknownSlot(<u32>(rowBytes - SLOT_BYTES));
  chunk = allocate(rowBytes * CHUNK_ROWS);
  return chunk != 0;
}

/** `native`: columns instead of rows. */
export function beginTask(native: bool): void {
  isNative = native;
  clearRows();
  clearTask();
  const streams = <usize>load<u32>(plan, PLAN_STREAMS);
  for (let index: u32 = 0; index < load<u32>(plan, PLAN_STREAM_COUNT); index++) {
    const stream = <usize>load<u32>(streams + <usize>index * 4);
    setRegionCursor(stream, regionBase(stream));
  }
  const dictionaries = <usize>load<u32>(plan, PLAN_DICTIONARIES);
  for (let index: u32 = 0; index < load<u32>(plan, PLAN_DICTIONARY_COUNT); index++) {
    clearDictionary(<usize>load<u32>(dictionaries + <usize>index * 4));
  }
}

/** Where the host puts `bytes` bytes of input; 0 when memory is at its bound. */
export function placeInput(region: usize, bytes: usize): usize {
  setRegionCursor(region, regionBase(region));
  return reserve(region, bytes);
}

/** Inflates into `inflatedRegion`; false: the reference judges. `isSnappy` or else LZ4. */
export function inflate(start: usize, end: usize, isSnappy: bool): bool {
  setRegionCursor(inflatedRegion, regionBase(inflatedRegion));
  return isSnappy ? inflateSnappy(start, end, inflatedRegion) : inflateLz4(start, end, inflatedRegion);
}

/** A record has at least this many bytes: its length, attributes, deltas, two lengths and the number of headers. */
const RECORD_BYTES_MIN: usize = 7;

/** The last offset of the batch that was read. */
export function lastReadOffset(): f64 {
  return <f64>recordOffset;
}

/**
 * Runs the records `start … end` of a batch, those of the offsets `firstOffset … finalOffset`. Afterwards `leftOver` has
 * the records without a row, valid until the next batch. Returns how it ended, BATCH_….
 */
export function runBatch(
  start: usize,
  end: usize,
  count: i32,
  baseOffset: f64,
  lastOffset: f64,
  baseTimestampMs: f64,
  maxTimestampMs: f64,
  isLogAppendTime: bool,
  firstOffset: f64,
  finalOffset: f64,
): i32 {
  if (!clearLeftOver(min(<usize>max(count, 0), (end - start) / RECORD_BYTES_MIN))) return BATCH_NO_MEMORY;
  openRecords(start, end, count, <i64>baseOffset, <i64>lastOffset, <i64>baseTimestampMs, <i64>maxTimestampMs, isLogAppendTime);
  let waiting: u32 = 0;
  let found = nextRecord();
  while (found > 0) {
    if (recordOffset > <i64>finalOffset) break;
    if (recordOffset >= <i64>firstOffset) {
      const row = chunk + <usize>waiting * rowBytes;
      openRow(row, recordOffset, timestampMs, keyStart, keyEnd, valueStart, valueEnd);
      if (!takeRecord(row)) leaveRow(row);
      else if (isNative && ++waiting == CHUNK_ROWS) waiting = flushChunk(waiting);
    }
    found = nextRecord();
  }
  if (waiting > 0) flushChunk(waiting);
  return found < 0 ? BATCH_CORRUPT : BATCH_COMPLETE;
}

/** Reads a record and, for RowBinary, writes its row. False: the reference has to see it. */
@inline
function takeRecord(row: usize): bool {
  let outcome: u32 = DECLINED;
  if (!mayBeMessagePack || !isMessagePack(row)) {
    outcome = readDocument(row);
    if (outcome == OK) outcome = applyRules(row);
    else setRowOutcome(row, outcome, 0);
  } else {
    setRowOutcome(row, DECLINED, 0);
  }
  if (outcome != OK) return false;
  return isNative || writeRow(row) == OK;
}

/** A map or an array: no JSON text begins so. */
function isMessagePack(row: usize): bool {
  const start = rowValueStart(row);
  if (start == 0 || start == rowValueEnd(row)) return false;
  const byte = <u32>load<u8>(start);
  return (byte & 0xe0) == 0x80 || (byte & 0xfc) == 0xdc;
}

/** Always 0: the chunk is empty then. */
function flushChunk(count: u32): u32 {
  writeChunk(chunk, count);
  for (let index: u32 = 0; index < count; index++) {
    const row = chunk + <usize>index * rowBytes;
    if (rowOutcome(row) != OK) leaveRow(row);
  }
  return 0;
}
