import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kafkaError } from "../error-codes.ts";
import { type BatchWish, makeBatch } from "../testing/batches.ts";
import { readBatchHeader } from "./batch-header.ts";
import { type AppendOutcome, PartitionLog } from "./partition-log.ts";

const SEGMENT_BYTES = 1000;
let directory: string;
let log: PartitionLog;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-log-"));
  log = PartitionLog.open(directory);
});

afterEach(() => {
  log.close();
  rmSync(directory, { recursive: true, force: true });
});

function append(wish: BatchWish = {}): AppendOutcome {
  const batch = makeBatch(wish);
  return log.append(batch, readBatchHeader(batch, 0), SEGMENT_BYTES);
}

function reopen(): void {
  log.close();
  log = PartitionLog.open(directory);
}

/** Base offsets of the batches in a read. */
function baseOffsets(bytes: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const header = readBatchHeader(bytes, at);
    offsets.push(header.baseOffset);
    at += header.sizeBytes;
  }
  return offsets;
}

function segmentFiles(): string[] {
  return readdirSync(directory)
    .sort()
    .map((name) => join(directory, name));
}

describe("PartitionLog", () => {
  it("gives consecutive offsets and reads from the batch that holds an offset", () => {
    expect([3, 1, 2].map((recordsCount) => append({ recordsCount }).baseOffset)).toEqual([0, 3, 4]);
    expect(log.endOffset).toBe(6);
    expect(baseOffsets(log.read(0, 10_000, true))).toEqual([0, 3, 4]);
    expect(baseOffsets(log.read(2, 10_000, true))).toEqual([0, 3, 4]);
    expect(baseOffsets(log.read(5, 10_000, true))).toEqual([4]);
    expect(log.read(6, 10_000, true)).toHaveLength(0);
  });

  it("returns whole batches up to the limit, and the first one above it only when told to", () => {
    for (let count = 0; count < 4; count++) append({ payloadBytes: 139 }); // 200 bytes each
    expect(baseOffsets(log.read(0, 450, true))).toEqual([0, 1]);
    expect(baseOffsets(log.read(1, 10, true))).toEqual([1]);
    expect(log.read(1, 10, false)).toHaveLength(0);
  });

  it("finds every offset again over many segments, index entries and a restart", () => {
    for (let count = 0; count < 300; count++)
      append({ recordsCount: 1 + (count % 3), payloadBytes: 20 + (count % 7) * 90 });
    const check = (): void => {
      expect(segmentFiles().length).toBeGreaterThan(10);
      for (let offset = 0; offset < log.endOffset; offset++) {
        const header = readBatchHeader(log.read(offset, 1, true), 0);
        expect(offset - header.baseOffset).toBeGreaterThanOrEqual(0);
        expect(offset - header.baseOffset).toBeLessThanOrEqual(header.lastOffsetDelta);
      }
    };
    check();
    const { endOffset } = log;
    reopen();
    expect(log.endOffset).toBe(endOffset);
    check();
  });

  it("reads a batch that is far larger than an index interval", () => {
    append({ payloadBytes: 50_000 });
    append({ payloadBytes: 50_000 });
    expect(log.read(1, 1, true)).toHaveLength(50_061);
  });

  it.each([
    ["half a batch", (path: string) => appendFileSync(path, makeBatch().subarray(0, 80))],
    ["a few bytes", (path: string) => appendFileSync(path, Buffer.alloc(7, 1))],
    ["zeros, as an interrupted extension leaves them", (path: string) => appendFileSync(path, Buffer.alloc(5000))],
    ["a cut batch", (path: string) => truncateSync(path, statSync(path).size - 1)],
    ["a whole batch of another offset", (path: string) => appendFileSync(path, makeBatch())],
  ])("cuts off a torn tail: %s", (what, damage) => {
    append();
    append();
    damage(segmentFiles()[0]!);
    reopen();
    const expected = what === "a cut batch" ? 1 : 2;
    expect(log.endOffset).toBe(expected);
    expect(append().baseOffset).toBe(expected);
    reopen();
    expect(baseOffsets(log.read(0, 10_000, true))).toEqual(Array.from({ length: expected + 1 }, (_, index) => index));
  });

  it("cuts off a tail whose CRC does not match", () => {
    append();
    append();
    const path = segmentFiles()[0]!;
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    reopen();
    expect(log.endOffset).toBe(1);
  });

  it("refuses to start when a segment before the newest is damaged, and says which", () => {
    for (let count = 0; count < 20; count++) append();
    log.close();
    truncateSync(segmentFiles()[0]!, 100);
    expect(() => PartitionLog.open(directory)).toThrow(/00000000000000000000\.log is damaged at byte 0/);
    log = PartitionLog.open(join(directory, "other"));
  });

  it("answers a retried batch of an idempotent producer with its old offset, also after a restart", () => {
    const send = (baseSequence: number) => append({ producerId: 7, producerEpoch: 0, recordsCount: 2, baseSequence });
    expect([0, 2, 4].map((sequence) => send(sequence).baseOffset)).toEqual([0, 2, 4]);
    expect(send(2)).toEqual({ error: kafkaError.NONE, baseOffset: 2 });
    reopen();
    expect(send(4)).toEqual({ error: kafkaError.NONE, baseOffset: 4 });
    expect(send(6).baseOffset).toBe(6);
    expect(send(12).error).toBe(kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(log.endOffset).toBe(8);
  });

  it("remembers five batches, refuses an old epoch, and lets a new epoch begin at 0", () => {
    const send = (producerEpoch: number, baseSequence: number) =>
      append({ producerId: 7, producerEpoch, baseSequence });
    for (let sequence = 0; sequence < 6; sequence++) send(1, sequence);
    expect(send(1, 1).baseOffset).toBe(1);
    expect(send(1, 0).error).toBe(kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(send(0, 6).error).toBe(kafkaError.INVALID_PRODUCER_EPOCH);
    expect(send(2, 3).error).toBe(kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER);
    expect(send(2, 0).baseOffset).toBe(6);
  });

  it("lets sequence numbers wrap at 2^31", () => {
    const send = (baseSequence: number) => append({ producerId: 7, producerEpoch: 0, recordsCount: 3, baseSequence });
    expect(send(0x7fff_fffe).baseOffset).toBe(0);
    expect(send(1).baseOffset).toBe(3);
  });

  it("finds the first batch at or after a time, across segments", () => {
    for (let count = 0; count < 40; count++) append({ timestampMs: 1000 + count * 10 });
    reopen();
    expect(log.offsetAt(0)).toEqual({ offset: 0, timestampMs: 1000 });
    expect(log.offsetAt(1195)).toEqual({ offset: 20, timestampMs: 1200 });
    expect(log.offsetAt(1391)).toBeUndefined();
  });
});
