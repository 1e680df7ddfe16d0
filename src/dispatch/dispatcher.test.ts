import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BufferPool } from "../core/buffer-pool.ts";
import type { RawBatch } from "../core/raw-batch.ts";
import type { Cut } from "./accumulator.ts";
import { ByteBudget } from "./byte-budget.ts";
import { createDispatcher } from "./dispatcher.ts";

const limits = { rows: 100, bytes: 1_000, intervalMs: 500 };

function batch(baseOffset: number, recordCount: number, byteLength = 10, partition = 0): RawBatch {
  const bytes = new Uint8Array(byteLength);
  const lastOffset = baseOffset + recordCount - 1;
  return { topic: "t", partition, baseOffset, lastOffset, recordCount, bytes, receivedMs: Date.now() };
}

describe("createDispatcher()", () => {
  let cuts: Cut[];
  let budget: ByteBudget;
  let buffers: BufferPool;
  let pauses: string[];
  let room: boolean;

  beforeEach(() => {
    vi.useFakeTimers();
    cuts = [];
    room = true;
    pauses = [];
    buffers = new BufferPool(1 << 20);
    budget = new ByteBudget({
      highBytes: 2_000,
      lowBytes: 500,
      onPause: () => pauses.push("pause"),
      onResume: () => pauses.push("resume"),
    });
  });
  afterEach(() => vi.useRealTimers());

  it("cuts by rows, by bytes and by age, each partition on its own", () => {
    const dispatcher = createDispatcher(
      limits,
      budget,
      buffers,
      () => room,
      (cut) => cuts.push(cut),
    );
    dispatcher.accept(batch(0, 60));
    dispatcher.accept(batch(0, 10, 10, 1));
    expect(cuts).toHaveLength(0);
    dispatcher.accept(batch(60, 60));
    expect(cuts.map(({ partition, firstOffset, lastOffset }) => [partition, firstOffset, lastOffset])).toEqual([
      [0, 0, 119],
    ]);
    dispatcher.accept(batch(120, 1, 1_000));
    expect(cuts[1]).toMatchObject({ firstOffset: 120, lastOffset: 120, byteLength: 1_000 });
    vi.advanceTimersByTime(600);
    expect(cuts[2]).toMatchObject({ partition: 1, firstOffset: 0, lastOffset: 9 });
    dispatcher.stop();
  });

  it("drops what kafkajs fetched again and cuts a batch that begins below the next offset", () => {
    const dispatcher = createDispatcher(
      limits,
      budget,
      buffers,
      () => room,
      (cut) => cuts.push(cut),
    );
    dispatcher.startAt("t", 0, 50);
    dispatcher.accept(batch(0, 50));
    dispatcher.accept(batch(40, 20));
    dispatcher.accept(batch(40, 20));
    dispatcher.cutAll();
    expect(cuts).toHaveLength(1);
    expect(cuts[0]).toMatchObject({ firstOffset: 50, lastOffset: 59 });
    expect(budget.usedBytes).toBe(10);
    dispatcher.stop();
  });

  it("gives the bytes of a lost partition back and forgets its position", () => {
    const dispatcher = createDispatcher(
      limits,
      budget,
      buffers,
      () => room,
      (cut) => cuts.push(cut),
    );
    dispatcher.accept(batch(0, 10, 300));
    dispatcher.accept(batch(0, 10, 200, 1));
    expect(buffers.freeBytes).toBe(0);
    dispatcher.retain([{ topic: "t", partition: 1 }]);
    expect(budget.usedBytes).toBe(200);
    expect(buffers.freeBytes).toBeGreaterThan(0);
    dispatcher.accept(batch(0, 10, 300));
    dispatcher.cutAll();
    expect(cuts.map((cut) => cut.partition).sort()).toEqual([0, 1]);
    dispatcher.stop();
  });

  it("pauses at the high-water mark and resumes only at the low one", () => {
    const dispatcher = createDispatcher(
      limits,
      budget,
      buffers,
      () => room,
      (cut) => cuts.push(cut),
    );
    for (let index = 0; index < 3; index += 1) dispatcher.accept(batch(index * 10, 10, 900));
    expect(pauses).toEqual(["pause"]);
    budget.give(900);
    expect(pauses).toEqual(["pause"]);
    budget.give(1_400);
    expect(pauses).toEqual(["pause", "resume"]);
    expect(budget.peakBytes).toBe(2_700);
    dispatcher.stop();
  });

  it("lets ranges grow while there is no room, cuts them by size all the same, and the oldest first afterwards", () => {
    room = false;
    const dispatcher = createDispatcher(
      limits,
      budget,
      buffers,
      () => room,
      (cut) => {
        cuts.push(cut);
        room = false;
      },
    );
    dispatcher.accept(batch(0, 10, 10, 1));
    vi.advanceTimersByTime(100);
    dispatcher.accept(batch(0, 10));
    vi.advanceTimersByTime(2_000);
    expect(cuts).toHaveLength(0);
    dispatcher.accept(batch(10, 90));
    expect(cuts.map((cut) => cut.recordCount)).toEqual([100]);
    dispatcher.accept(batch(100, 5));
    vi.advanceTimersByTime(600);
    room = true;
    dispatcher.cutDue();
    expect(cuts.map((cut) => cut.partition)).toEqual([0, 1]);
    dispatcher.stop();
  });
});
