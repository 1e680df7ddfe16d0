import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import type { OffsetRun } from "../../core/offset-run.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import { ByteBudget } from "../dispatch/byte-budget.ts";
import type { RangeReader } from "../source/range-reader.ts";
import { readAnnounced } from "./read-announced.ts";

const batchOf = (baseOffset: number, recordCount: number): RawBatch => ({
  ...{ topic: "t", partition: 0, fetchOffset: baseOffset, baseOffset, lastOffset: baseOffset + recordCount - 1 },
  ...{ recordCount, receivedMs: 0, bytes: new Uint8Array(1_000) },
});
const rangeOf = (partition: number, lastOffset = 9) => ({
  topic: "t",
  partition,
  firstOffset: 0,
  lastOffset,
  judgedMs: 1,
});
const budgetOf = () => new ByteBudget({ highBytes: 1e9, lowBytes: 1e9, onPause() {}, onResume() {} });
const never = new AbortController().signal;

describe("readAnnounced()", () => {
  it("gives everything back when one of the reads beside each other fails", async () => {
    const budget = budgetOf();
    let reads = 0;
    const reader: RangeReader = {
      async read({ partition }) {
        reads += 1;
        if (partition === 0) throw new Error("TOPIC_AUTHORIZATION_FAILED");
        // Already answered: it does not heed the signal any more.
        await sleep(10);
        return { batches: [batchOf(0, 10)] };
      },
      async close() {},
    };
    const announced = readAnnounced(reader, budget, new BufferPool(() => 0), () => {});
    const ranges = Array.from({ length: 100 }, (_, partition) => rangeOf(partition));
    await expect(announced.read(never, "p", ranges, new Set())).rejects.toThrow("TOPIC_AUTHORIZATION_FAILED");
    expect(budget.usedBytes).toBe(0);
    await sleep(100);
    expect(budget.usedBytes).toBe(0);
    expect(reads).toBe(8);
  });

  it.each([
    { what: "before the first batch", batches: [batchOf(500, 500)], lostBefore: 500, lost: [{ first: 0, last: 499 }] },
    {
      what: "between two fetches",
      batches: [batchOf(0, 100), batchOf(500, 500)],
      lostBefore: 500,
      lost: [{ first: 100, last: 499 }],
    },
    {
      what: "to beyond the range's end",
      batches: [batchOf(0, 100)],
      lostBefore: 1_500,
      lost: [{ first: 100, last: 999 }],
    },
    {
      what: "but for a hole that a batch answers for",
      batches: [batchOf(0, 100), { ...batchOf(120, 80), fetchOffset: 100 }, batchOf(490, 510)],
      lostBefore: 500,
      lost: [{ first: 200, last: 489 }],
    },
  ])("tells what retention took while a range was read, $what", async ({ batches, lostBefore, lost }) => {
    const reader: RangeReader = { read: async () => ({ batches, lostBefore }), async close() {} };
    const told: OffsetRun[] = [];
    const pool = new BufferPool(() => 0);
    const announced = readAnnounced(reader, budgetOf(), pool, (_range, run) => told.push(run));
    const { ranges } = await announced.read(never, "p", [rangeOf(0, 999)], new Set(["t:0"]));
    expect(told).toEqual(lost);
    expect(ranges[0]!.lost).toEqual(lost);
    // Another owner tells it.
    await announced.read(never, "p", [rangeOf(0, 999)], new Set());
    expect(told).toEqual(lost);
  });
});
