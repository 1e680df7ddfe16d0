import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { BATCH_HEADER_BYTES } from "../core/record-batch-header.ts";
import { CodecError } from "./codec-error.ts";
import { nextRecord, openRecords, RecordCursor } from "./records.ts";
import { peekOffsets, readBatchHeader } from "./records-header.ts";
import { makeBatch, text } from "./testing/record-batch.ts";

const require = createRequire(import.meta.url);

interface Seen {
  offset: number;
  timestampMs: number;
  key: string | null;
  value: string | null;
}

function readAll(batch: Uint8Array): Seen[] {
  const cursor = new RecordCursor();
  openRecords(cursor, readBatchHeader(batch, 0, batch.length), batch.subarray(BATCH_HEADER_BYTES));
  const seen: Seen[] = [];
  const slice = (start: number, end: number) =>
    start < 0 ? null : new TextDecoder().decode(cursor.bytes.subarray(start, end));
  while (nextRecord(cursor)) {
    seen.push({
      offset: cursor.recordOffset,
      timestampMs: cursor.timestampMs,
      key: slice(cursor.keyStart, cursor.keyEnd),
      value: slice(cursor.valueStart, cursor.valueEnd),
    });
  }
  return seen;
}

/** A batch from kafkajs' own encoder: a writer that shares nothing with our reader. */
async function kafkajsBatch(): Promise<Uint8Array> {
  const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0/index.js");
  const makeRecord = require("kafkajs/src/protocol/recordBatch/record/v0/index.js");
  const encoder = await RecordBatch({
    firstOffset: 4_294_967_299,
    firstTimestamp: 1_700_000_000_000,
    maxTimestamp: 1_700_000_000_250,
    lastOffsetDelta: 3,
    records: [
      makeRecord({ offsetDelta: 0, timestampDelta: 0, key: "a", value: "one", headers: { h: "1", i: ["2", "3"] } }),
      makeRecord({ offsetDelta: 1, timestampDelta: 250, key: null, value: null }),
      makeRecord({ offsetDelta: 2, timestampDelta: -70_000, key: "", value: "" }),
      makeRecord({ offsetDelta: 3, timestampDelta: 1, key: "ключ", value: "x".repeat(70_000) }),
    ],
  });
  return encoder.buffer;
}

describe("records", () => {
  it("reads what kafkajs writes: offsets beyond 32 bits, headers, null apart from empty", async () => {
    expect(readAll(await kafkajsBatch())).toEqual([
      { offset: 4_294_967_299, timestampMs: 1_700_000_000_000, key: "a", value: "one" },
      { offset: 4_294_967_300, timestampMs: 1_700_000_000_250, key: null, value: null },
      { offset: 4_294_967_301, timestampMs: 1_699_999_930_000, key: "", value: "" },
      { offset: 4_294_967_302, timestampMs: 1_700_000_000_001, key: "ключ", value: "x".repeat(70_000) },
    ]);
  });

  it("takes the broker's time for all records when the batch is stamped on append", () => {
    const batch = makeBatch([{ value: text("a"), timestampDelta: 5 }], {
      attributes: 0x08,
      baseTimestampMs: 1000,
      maxTimestampMs: 9000,
    });
    expect(readAll(batch)[0]?.timestampMs).toBe(9000);
  });

  it("follows the gaps that compaction leaves", () => {
    const records = [3, 7, 8].map((offsetDelta) => ({ offsetDelta, value: text("v") }));
    const batch = makeBatch(records, { baseOffset: 100, lastOffsetDelta: 9 });
    expect(readAll(batch).map(({ offset }) => offset)).toEqual([103, 107, 108]);
  });

  it("refuses a torn batch at every length, and says so", () => {
    const batch = makeBatch([{ key: text("k"), value: text("value"), headers: [["h", null]] }, { value: text("b") }]);
    for (let length = 0; length < batch.length; length++) {
      expect(() => readAll(batch.subarray(0, length)), `${length} bytes`).toThrow(CodecError);
    }
    expect(() => readAll(batch.subarray(0, 40))).toThrow("record batch has 40 bytes, its header alone has 61");
    expect(() => readAll(batch.subarray(0, 70))).toThrow(`record batch claims ${batch.length} bytes, 70 are there`);
  });

  it("refuses headers that lie", () => {
    const records = [{ value: text("a") }, { value: text("b") }];
    const lies: [Parameters<typeof makeBatch>[1], string][] = [
      [{ magic: 1 }, "magic 1"],
      [{ recordCount: 3 }, "record length at byte 16 is cut off"],
      [{ recordCount: 1 }, "claims 1 records, 8 more bytes follow"],
      [{ recordCount: -1 }, "claims -1 records"],
      [{ lastOffsetDelta: -1 }, "claims offsets 0 to -1"],
      [{ lastOffsetDelta: 0 }, "claims offset 1, after 0 in a batch that ends at 0"],
      [{ baseOffset: -5 }, "claims offsets -5"],
    ];
    for (const [init, message] of lies) expect(() => readAll(makeBatch(records, init))).toThrow(message);
  });

  it("refuses records whose lengths leave the record", () => {
    const inRecord: [number[], string][] = [
      [[0x7e, 0, 0, 0, 1, 2, 0x61, 0], "claims 63 bytes"],
      [[0x00], "has no attributes"],
      [[0x0e, 0, 0, 0, 1, 0x40, 0x61, 0], "record value at byte 6 claims 32 bytes"],
      [[0x0e, 0, 0, 0, 3, 2, 0x61, 0], "record key at byte 5 claims -2 bytes"],
      [[0x0e, 0, 0, 0, 1, 2, 0x61, 2], "claims 1 headers in 0 bytes"],
      [[0x10, 0, 0, 0, 1, 2, 0x61, 0, 0], "has 1 bytes after its headers"],
      [[0x12, 0, 0, 0, 1, 2, 0x61, 2, 1, 1], "record header key is null"],
    ];
    for (const [bytes, message] of inRecord) {
      const batch = makeBatch([], { recordCount: 1, compress: () => Uint8Array.from(bytes) });
      expect(() => readAll(batch)).toThrow(message);
    }
  });

  it("names the offsets of a batch that cannot be read, as far as its bytes go", () => {
    const batch = makeBatch([{ value: text("a") }], { baseOffset: 50, lastOffsetDelta: 4 });
    expect(peekOffsets(batch, 0, batch.length)).toEqual({ first: 50, last: 54 });
    expect(peekOffsets(batch, 0, 20)).toEqual({ first: 50, last: 50 });
    expect(peekOffsets(batch, 0, 7)).toEqual({ first: Number.NaN, last: Number.NaN });
  });
});
