import { expect, it } from "vitest";
import type { RawBatch } from "../../core/raw-batch.ts";
import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  LOG_APPEND_TIME_BIT,
  MAX_TIMESTAMP_AT,
} from "../../core/record-batch-header.ts";
import { FetchTimes } from "./fetch-times.ts";

function batch(partition: number, baseOffset: number, attributes = 0): RawBatch {
  // Somewhere in a fetch response.
  const bytes = new Uint8Array(7 + BATCH_HEADER_BYTES).subarray(7);
  const header = new DataView(bytes.buffer, bytes.byteOffset);
  header.setInt16(ATTRIBUTES_AT, attributes);
  header.setBigInt64(BASE_TIMESTAMP_AT, 1_796_000_001_000n);
  header.setBigInt64(MAX_TIMESTAMP_AT, -1n);
  return { topic: "t", partition, fetchOffset: 0, baseOffset, lastOffset: 9, recordCount: 1, bytes, receivedMs: 0 };
}

it("knows when the first record of each partition's last batch was written, also where the broker stamped it", () => {
  const times = new FetchTimes();
  times.noteBatch(batch(0, 3));
  times.noteBatch(batch(0, 5));
  times.noteBatch(batch(1, 8, LOG_APPEND_TIME_BIT));
  times.noteBatch({ ...batch(2, 1), bytes: new Uint8Array(0) });
  expect([...times.newest()]).toEqual([
    { topic: "t", partition: 0, offset: 5, timeMs: 1_796_000_001_000 },
    { topic: "t", partition: 1, offset: 8, timeMs: -1 },
  ]);
});
