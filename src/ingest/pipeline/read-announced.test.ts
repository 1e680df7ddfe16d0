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
    const announced = readAnnounced(reader, budget, new BufferPool(() => 0), () => {});
    const ranges = Array.from({ length: 100 }, (_, partition) => rangeOf(partition));
    await expect(announced.read(never, "p", ranges, new Set())).rejects.toThrow("TOPIC_AUTHORIZATION_FAILED");
    expect(budget.usedBytes).toBe(0);
    await sleep(100);
    expect(budget.usedBytes).toBe(0);
    expect(reads).toBe(8);
  });
});
