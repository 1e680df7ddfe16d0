import { CodecError } from "./codec-error.ts";
import type { BatchHeader } from "./records-header.ts";
import { type ByteCursor, readVarint, readVarlong } from "./varint.ts";

/**
 * Walks the records of one batch. One object is used for all batches: a record is a set of numbers in it, valid until
 * the next call of `nextRecord`.
 */
export class RecordCursor implements ByteCursor {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the next record begins. */
  offset = 0;
  end = 0;
  header: BatchHeader | undefined;
  recordsLeft = 0;

  /** Kafka offset of the current record; before the first one, the base offset − 1. */
  recordOffset = -1;
  /** Kafka's time of the current record, ms since 1970; −1 when the producer set none. */
  timestampMs = -1;
  /** The key is `bytes[keyStart … keyEnd)`; `keyStart` −1 = null. */
  keyStart = -1;
  keyEnd = -1;
  /** The value is `bytes[valueStart … valueEnd)`; `valueStart` −1 = null (a tombstone), which is not an empty value. */
  valueStart = -1;
  valueEnd = -1;
}

/** Puts the cursor before the first record of a batch. `records` are the batch's records, inflated. */
export function openRecords(cursor: RecordCursor, header: BatchHeader, records: Uint8Array): void {
  cursor.bytes = records;
  cursor.offset = 0;
  cursor.end = records.length;
  cursor.header = header;
  cursor.recordsLeft = header.recordCount;
  cursor.recordOffset = header.baseOffset - 1;
}

/**
 * Moves to the next record; false after the last (https://kafka.apache.org/documentation/#record).
 *
 * Offsets rise strictly and stay within the batch, so that "all offsets after the last good one" names exactly the
 * records that an error leaves unread. Headers are walked, not kept.
 *
 * @throws CodecError when a length leaves the record or the batch; the cursor still names the last good record's offset.
 */
export function nextRecord(cursor: RecordCursor): boolean {
  const header = cursor.header!;
  if (cursor.recordsLeft === 0) {
    if (cursor.offset === cursor.end) return false;
    throw new CodecError(
      `record batch claims ${header.recordCount} records, ${cursor.end - cursor.offset} more bytes follow them`,
    );
  }
  const batchEnd = cursor.end;
  const start = cursor.offset;
  const length = readVarint(cursor, "record length");
  const recordEnd = cursor.offset + length;
  if (length < 0 || recordEnd > batchEnd) {
    throw new CodecError(`record at byte ${start} claims ${length} bytes, ${batchEnd - cursor.offset} are left`);
  }
  cursor.end = recordEnd;
  try {
    readRecord(cursor, header, start);
  } finally {
    cursor.end = batchEnd;
  }
  cursor.recordsLeft--;
  return true;
}

function readRecord(cursor: RecordCursor, header: BatchHeader, start: number): void {
  if (cursor.offset >= cursor.end) throw new CodecError(`record at byte ${start} has no attributes`);
  cursor.offset++; // the record's attributes: unused by Kafka
  const timestampDelta = readVarlong(cursor, "record timestamp delta");
  const recordOffset = header.baseOffset + readVarint(cursor, "record offset delta");
  if (recordOffset <= cursor.recordOffset || recordOffset > header.lastOffset) {
    throw new CodecError(
      `record at byte ${start} claims offset ${recordOffset}, after ${cursor.recordOffset} in a batch that ends at ${header.lastOffset}`,
    );
  }
  const keyStart = skipBytes(cursor, "record key");
  const keyEnd = cursor.offset;
  const valueStart = skipBytes(cursor, "record value");
  const valueEnd = cursor.offset;
  skipHeaders(cursor);
  if (cursor.offset !== cursor.end) {
    throw new CodecError(`record at byte ${start} has ${cursor.end - cursor.offset} bytes after its headers`);
  }
  cursor.recordOffset = recordOffset;
  cursor.timestampMs = header.isLogAppendTime ? header.maxTimestampMs : header.baseTimestampMs + timestampDelta;
  cursor.keyStart = keyStart;
  cursor.keyEnd = keyEnd;
  cursor.valueStart = valueStart;
  cursor.valueEnd = valueEnd;
}

/** Skips a length and its bytes; returns where the bytes begin, −1 for null (length −1). */
function skipBytes(cursor: RecordCursor, what: string): number {
  const length = readVarint(cursor, what);
  if (length === -1) return -1;
  const start = cursor.offset;
  if (length < 0 || start + length > cursor.end) {
    throw new CodecError(`${what} at byte ${start} claims ${length} bytes, ${cursor.end - start} are left`);
  }
  cursor.offset = start + length;
  return start;
}

function skipHeaders(cursor: RecordCursor): void {
  const count = readVarint(cursor, "record header count");
  // Each header has at least two bytes, which bounds the loop by the record's length.
  if (count < 0 || count * 2 > cursor.end - cursor.offset) {
    throw new CodecError(`record claims ${count} headers in ${cursor.end - cursor.offset} bytes`);
  }
  for (let index = 0; index < count; index++) {
    if (skipBytes(cursor, "record header key") === -1) throw new CodecError("record header key is null");
    skipBytes(cursor, "record header value");
  }
}
