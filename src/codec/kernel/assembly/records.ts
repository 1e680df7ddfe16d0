import {
  isBeyond,
  readVarint,
  readVarlong,
  varintEnd,
  varintValue,
  varlongBytes,
  varlongValue,
} from "./records-varint";

/** The current record, valid until the next call of `nextRecord`. Before the first one: the base offset − 1. */
export let recordOffset: i64 = -1;
/** Kafka's time of the current record, ms since 1970. */
export let timestampMs: i64 = -1;
/** The key's bytes; both 0 = null. An empty key has an address. */
export let keyStart: usize = 0;
export let keyEnd: usize = 0;
/** The value's bytes; both 0 = null (a tombstone), which is not an empty value. */
export let valueStart: usize = 0;
export let valueEnd: usize = 0;

/** Where the next record begins, and where the batch's records end. */
let recordsCursor: usize = 0;
let recordsEnd: usize = 0;
let recordsLeft: i32 = 0;

let batchBaseOffset: i64 = 0;
let batchLastOffset: i64 = 0;
let batchTimestampMs: i64 = 0;
let isBatchStamped: bool = false;

/**
 * Goes before the first record of a batch, whose records are the bytes `start … end`, inflated.
 *
 * PRECONDITION: the header is as readBatchHeader (src/codec/records-header.ts) lets it through, so `count` is not
 * negative, and its offsets and times are safe integers: the reference computes with numbers, which round beyond.
 */
export function openRecords(
  start: usize,
  end: usize,
  count: i32,
  baseOffset: i64,
  lastOffset: i64,
  baseTimestampMs: i64,
  maxTimestampMs: i64,
  isLogAppendTime: bool,
): void {
  recordsCursor = start;
  recordsEnd = end;
  recordsLeft = count;
  recordOffset = baseOffset - 1;
  batchBaseOffset = baseOffset;
  batchLastOffset = lastOffset;
  batchTimestampMs = isLogAppendTime ? maxTimestampMs : baseTimestampMs;
  isBatchStamped = isLogAppendTime;
}

/**
 * Moves to the next record (https://kafka.apache.org/documentation/#record): 1 when there is one, 0 after the last, −1
 * when a length leaves the record or the batch, an offset does not rise or passes the batch's last, or anything is left
 * over. After −1 the current record is still the last good one.
 */
export function nextRecord(): i32 {
  let cursor = recordsCursor;
  if (recordsLeft == 0) return cursor == recordsEnd ? 0 : -1;
  const length = readVarint(cursor);
  cursor = varintEnd(length);
  if (isBeyond(cursor, recordsEnd)) return -1;
  // A negative length is above what is left too.
  if (<usize>varintValue(length) > recordsEnd - cursor) return -1;
  const end = cursor + <usize>varintValue(length);

  cursor++; // the record's attributes: unused by Kafka
  const timestampDelta = readVarlong(cursor);
  if (timestampDelta == 0) return -1;
  const offsetDelta = readVarint(cursor + varlongBytes(timestampDelta));
  const offset = batchBaseOffset + <i64>varintValue(offsetDelta);
  if (isBeyond(varintEnd(offsetDelta), end) || offset <= recordOffset || offset > batchLastOffset) return -1;

  const keyLength = readVarint(varintEnd(offsetDelta));
  const key = varintEnd(keyLength);
  const keyStop = skipBytes(key, varintValue(keyLength), end);
  if (keyStop == 0) return -1;
  const valueLength = readVarint(keyStop);
  const value = varintEnd(valueLength);
  const valueStop = skipBytes(value, varintValue(valueLength), end);
  if (valueStop == 0) return -1;
  const headerCount = readVarint(valueStop);
  cursor = varintEnd(headerCount);
  if (isBeyond(cursor, end)) return -1;
  if (varintValue(headerCount) != 0) cursor = skipHeaders(cursor, varintValue(headerCount), end);
  if (cursor != end) return -1;

  recordOffset = offset;
  timestampMs = isBatchStamped ? batchTimestampMs : batchTimestampMs + varlongValue(timestampDelta);
  const isKeyNull = varintValue(keyLength) == -1;
  keyStart = isKeyNull ? 0 : key;
  keyEnd = isKeyNull ? 0 : keyStop;
  const isValueNull = varintValue(valueLength) == -1;
  valueStart = isValueNull ? 0 : value;
  valueEnd = isValueNull ? 0 : valueStop;
  recordsCursor = end;
  recordsLeft--;
  return 1;
}

/** Skips `length` bytes (−1 = null, none) at `cursor`, the end of the varint; returns where they end, 0 beyond `end`. */
@inline
function skipBytes(cursor: usize, length: i32, end: usize): usize {
  if (isBeyond(cursor, end)) return 0;
  if (<usize>length <= end - cursor) return cursor + <usize>length;
  return length == -1 ? cursor : 0;
}

/** Walks `count` headers; returns where they end, 0 when they leave the record or a name is null. */
function skipHeaders(cursor: usize, count: i32, end: usize): usize {
  // Each header has at least two bytes, which bounds the loop by the record's length. Negative counts are above it too.
  if (<usize>count > (end - cursor) >> 1) return 0;
  for (let index = 0; index < count; index++) {
    const nameLength = readVarint(cursor);
    if (varintValue(nameLength) == -1) return 0;
    cursor = skipBytes(varintEnd(nameLength), varintValue(nameLength), end);
    if (cursor == 0) return 0;
    const valueLength = readVarint(cursor);
    cursor = skipBytes(varintEnd(valueLength), varintValue(valueLength), end);
    if (cursor == 0) return 0;
  }
  return cursor;
}
