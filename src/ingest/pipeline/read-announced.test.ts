import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
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
    const announced = readAnnounced(reader, budget, new BufferPool(() => 0));
    const ranges = Array.from({ length: 100 }, (_, partition) => rangeOf(partition));
    await expect(announced.read(never, "p", ranges)).rejects.toThrow("TOPIC_AUTHORIZATION_FAILED");
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
    const announced = readAnnounced(reader, budgetOf(), new BufferPool(() => 0));
    const { ranges } = await announced.read(never, "p", [rangeOf(0, 999)]);
    expect(ranges[0]!.lost).toEqual(lost);
  });

  it("takes what a deleted topic had for gone", async () => {
    const reader: RangeReader = { read: async () => ({ batches: [], isGone: true }), async close() {} };
    const { ranges } = await readAnnounced(reader, budgetOf(), new BufferPool(() => 0)).read(never, "p", [rangeOf(0)]);
    expect(ranges).toMatchObject([{ lost: [{ first: 0, last: 9 }], isGone: true }]);
  });

  const takenBack = { ...batchOf(5, 5), recordCount: 0, bytes: new Uint8Array(0) };
  it.each<[string, RawBatch[], boolean]>([
    ["a whole log", [batchOf(0, 5), batchOf(5, 5)], false],
    ["batches that reach beyond the range", [{ ...batchOf(-3, 20), fetchOffset: 0 }], false],
    ["a transaction that was taken back", [batchOf(0, 5), takenBack], false],
    ["a batch of which records are gone", [batchOf(0, 5), { ...batchOf(5, 5), recordCount: 4 }], true],
    ["batches that are gone between two", [batchOf(0, 5), { ...batchOf(7, 3), fetchOffset: 5 }], true],
    ["batches that are gone at the end", [batchOf(0, 5)], true],
    ["nothing left", [], true],
  ])("sees what compaction may have taken: %s", async (_what, batches, hasHoles) => {
    const reader: RangeReader = { read: async () => ({ batches }), async close() {} };
    const { ranges } = await readAnnounced(reader, budgetOf(), new BufferPool(() => 0)).read(never, "p", [rangeOf(0)]);
    expect(ranges[0]).toMatchObject({ hasHoles, lost: [] });
  });
});
