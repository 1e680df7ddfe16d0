import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inflate } from "../../src/codec/inflate/inflate.ts";
import { nextRecord, openRecords, RecordCursor } from "../../src/codec/records.ts";
import { readBatchHeader } from "../../src/codec/records-header.ts";
import { readSimulatorProfile, readSimulatorRoutes } from "../../src/config/simulator-files.ts";
import { BATCH_HEADER_BYTES } from "../../src/core/record-batch-header.ts";
import { validateBatch } from "../../src/embedded/kafka/log/validate-batch.ts";
import { nodeInflaters } from "../../workers/inflaters.ts";
import { compressAround } from "./lz4-with-holes.ts";
import { prepareBatches, stampBatch, topicShares } from "./replay-batch.ts";
import { openLanes, recordsPerBatch, takeDue } from "./replay-schedule.ts";

const source = { profile: readSimulatorProfile(), routes: readSimulatorRoutes(), seed: 7 };
const START_MS = 1_700_000_000_000;

/** What a consumer sees: the documents and record times of a batch. */
function readBatch(bytes: Buffer): { document: Record<string, unknown>; timestampMs: number }[] {
  const header = readBatchHeader(bytes, 0, bytes.length);
  const cursor = new RecordCursor();
  openRecords(cursor, header, inflate(header.compression, bytes.subarray(BATCH_HEADER_BYTES), nodeInflaters));
  const records = [];
  while (nextRecord(cursor)) {
    const value = Buffer.from(cursor.bytes.subarray(cursor.valueStart, cursor.valueEnd));
    records.push({ document: JSON.parse(value.toString()), timestampMs: cursor.timestampMs });
  }
  return records;
}

describe("compressAround()", () => {
  it("keeps every hole rewritable, whatever the bytes around it", () => {
    const text = fc.array(fc.constantFrom("ab", "abcabc", "x", "0123456789", "aaaaaaaaaaaaaaaaaaaa"), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), (parts) => {
        const holes: number[] = [];
        let joined = "";
        for (const part of parts) {
          holes.push(joined.length);
          joined += `7777${part.join("")}`;
        }
        const { frame, positions } = compressAround(Buffer.from(joined), Int32Array.from(holes), 4);
        expect(Buffer.from(inflate(3, frame, nodeInflaters)).toString()).toBe(joined);
        let expected = joined;
        for (const [index, hole] of holes.entries()) {
          const digits = String(1000 + index);
          frame.set(Buffer.from(digits), positions[index]!);
          expected = expected.slice(0, hole) + digits + expected.slice(hole + 4);
        }
        expect(Buffer.from(inflate(3, frame, nodeInflaters)).toString()).toBe(expected);
      }),
    );
  });
});

describe("a replayed batch", () => {
  it.each(["lz4", "none"] as const)("carries the times it is stamped with, and a true checksum: %s", (compression) => {
    const [batch] = prepareBatches(source, new Map([["logs.order", 200]]), 1, compression).get("logs.order")!;
    for (const [fromMs, stepMs] of [
      [START_MS, 0.1],
      [START_MS + 20_000, 3],
    ] as const) {
      const bytes = stampBatch(batch!, fromMs, stepMs, fromMs + 21);
      expect(validateBatch(bytes, 10_000_000).error).toBe(0);
      const records = readBatch(bytes);
      expect(records).toHaveLength(200);
      for (const [index, { document, timestampMs }] of records.entries()) {
        expect(document.ts_ms).toBe(Math.floor(fromMs + index * stepMs));
        expect(timestampMs).toBe(fromMs + 21);
      }
    }
    if (compression === "lz4") expect(batch!.bytes.length).toBeLessThan(200 * 150);
  });
});

describe("the schedule", () => {
  it("offers exactly the rate, spread over topics by their share, however late it is asked", () => {
    const shapes = [...topicShares(source)].map(([topic, share]) => ({ topic, share, partitions: 3 }));
    expect(shapes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    for (const eventsPerSecond of [50, 5_000, 400_000]) {
      const lanes = openLanes(shapes, eventsPerSecond, START_MS);
      const endMs = START_MS + 10_000;
      // Asked twice only: once after half a second, once long after the end.
      const due = [START_MS + 500, endMs + 60_000].flatMap((nowMs) => takeDue(lanes, nowMs, endMs));
      const events = due.reduce((sum, { lane }) => sum + lane.recordsPerBatch, 0);
      const perBatch = shapes.reduce((sum, shape) => sum + 3 * recordsPerBatch(shape, eventsPerSecond), 0);
      expect(events).toBeGreaterThan(eventsPerSecond * 10 - 2 * perBatch);
      expect(events).toBeLessThanOrEqual(eventsPerSecond * 10);
      for (const { fromMs, dueMs, lane } of due) {
        expect(dueMs - fromMs).toBeCloseTo(lane.periodMs, 1);
        expect(dueMs).toBeLessThanOrEqual(endMs);
      }
    }
  });

  it("keeps the intended times of what it hands out late", () => {
    const shapes = [{ topic: "t", share: 1, partitions: 1 }];
    const onTime = takeDue(openLanes(shapes, 1_000, START_MS), START_MS + 100, START_MS + 100);
    const late = takeDue(openLanes(shapes, 1_000, START_MS), START_MS + 9_000, START_MS + 100);
    expect(late.map(({ fromMs, dueMs }) => [fromMs, dueMs])).toEqual(
      onTime.map(({ fromMs, dueMs }) => [fromMs, dueMs]),
    );
    expect(late).toHaveLength(5);
  });
});
