import { describe, expect, it } from "vitest";
import { nextRecord, openRecords, RecordCursor } from "../../codec/records.ts";
import { readBatchHeader } from "../../codec/records-header.ts";
import { BATCH_HEADER_BYTES } from "../../core/record-batch-header.ts";
import { recordBatchOf } from "./record-batch.ts";

/** What the walker of fetched batches reads back. */
function readBack(batch: Uint8Array) {
  const cursor = new RecordCursor();
  openRecords(cursor, readBatchHeader(batch, 0, batch.length), batch.subarray(BATCH_HEADER_BYTES));
  expect(nextRecord(cursor)).toBe(true);
  const { recordOffset, timestampMs, bytes, keyStart, keyEnd, valueStart, valueEnd } = cursor;
  const key = keyStart < 0 ? null : bytes.slice(keyStart, keyEnd);
  const raw = bytes.slice(valueStart, valueEnd);
  expect(nextRecord(cursor)).toBe(false);
  return { offset: recordOffset, ingestMs: timestampMs, key, raw };
}

describe("recordBatchOf()", () => {
  it.each([
    ["a plain record", { offset: 17, ingestMs: 1_780_000_000_123, key: Uint8Array.of(1, 2), raw: Uint8Array.of(3) }],
    ["no key, no bytes", { offset: 0, ingestMs: 0, key: null, raw: new Uint8Array(0) }],
    ["an empty key", { offset: 2 ** 40 + 1, ingestMs: 5, key: new Uint8Array(0), raw: new Uint8Array(64) }],
    ["a long value", { offset: 2 ** 53 - 1, ingestMs: 7, key: null, raw: new Uint8Array(70_000).fill(9) }],
  ])("is a batch that the record walker reads: %s", (_name, letter) => {
    expect(readBack(recordBatchOf(letter))).toEqual(letter);
  });
});
