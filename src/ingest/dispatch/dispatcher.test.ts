import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import { systemClock } from "../../core/clock.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import type { RawRange } from "./accumulator.ts";
import { ByteBudget } from "./byte-budget.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";

const limits = { rows: 100, bytes: 1_000, intervalMs: 500 };

function batch(baseOffset: number, recordCount: number, byteLength = 10, partition = 0): RawBatch {
  const bytes = new Uint8Array(byteLength);
  const lastOffset = baseOffset + recordCount - 1;
  const receivedMs = Date.now();
  return { topic: "t", partition, fetchOffset: baseOffset, baseOffset, lastOffset, recordCount, bytes, receivedMs };
}

/** First and last offset of each range. */
function bounds(ranges: RawRange[]): [number, number][] {
  return ranges.map(({ firstOffset, lastOffset }) => [firstOffset, lastOffset]);
}

describe("createDispatcher()", () => {
  let ranges: RawRange[];
  let budget: ByteBudget;
  let buffers: BufferPool;
  let pauses: string[];
  let room: boolean;
  let busy: boolean;
  let starved: number[];
  let dispatcher: Dispatcher;

  beforeEach(() => {
    vi.useFakeTimers();
    ranges = [];
    room = true;
    busy = false;
    pauses = [];
    starved = [];
    buffers = new BufferPool(() => 1 << 20);
    budget = new ByteBudget({
      highBytes: 2_000,
      lowBytes: 500,
      onPause: () => pauses.push("pause"),
      onResume: () => pauses.push("resume"),
    });
    dispatcher = createDispatcher({
      limits,
      budget,
      buffers,
      clock: systemClock,
      wallMs: () => Date.now(),
      hasRoom: () => room,
      isBusy: () => busy,
      onCut(range) {
        ranges.push(range);
        if (closesAfterCut) room = false;
      },
      onStarved: ({ partition }) => starved.push(partition),
    });
    dispatcher.assign([
      { topic: "t", partition: 0, offset: 0, intents: [] },
      { topic: "t", partition: 1, offset: 0, intents: [] },
    ]);
    closesAfterCut = false;
  });
  afterEach(() => {
    dispatcher.stop();
    vi.useRealTimers();
  });
  let closesAfterCut = false;

  it.each([-3_600_000, 3_600_000])("cuts by age alike when the wall clock is set by %i ms meanwhile", (stepMs) => {
    dispatcher.accept(batch(0, 1));
    vi.advanceTimersByTime(limits.intervalMs / 2);
    vi.setSystemTime(Date.now() + stepMs);
    vi.advanceTimersByTime(limits.intervalMs / 2 - 1);
    expect(ranges).toHaveLength(0);
    vi.advanceTimersByTime(limits.intervalMs / 10 + 1);
    // What leaves the process is the wall clock's.
    expect(ranges.map(({ judgedMs }) => Date.now() - judgedMs <= limits.intervalMs / 10)).toEqual([true]);
  });

  it("cuts by rows, by bytes and by age, each partition on its own", () => {
    dispatcher.accept(batch(0, 60));
    dispatcher.accept(batch(0, 10, 10, 1));
    expect(ranges).toHaveLength(0);
    dispatcher.accept(batch(60, 60));
    expect(ranges.map(({ partition, firstOffset, lastOffset }) => [partition, firstOffset, lastOffset])).toEqual([
      [0, 0, 119],
    ]);
    dispatcher.accept(batch(120, 1, 1_000));
    expect(ranges[1]).toMatchObject({ firstOffset: 120, lastOffset: 120, byteLength: 1_000 });
    vi.advanceTimersByTime(600);
    expect(ranges[2]).toMatchObject({ partition: 1, firstOffset: 0, lastOffset: 9 });
  });

  it("drops what kafkajs fetched again and cuts a batch that begins below the next offset", () => {
    dispatcher.assign([{ topic: "t", partition: 0, offset: 50, intents: [] }]);
    dispatcher.accept(batch(0, 50));
    dispatcher.accept(batch(40, 20));
    dispatcher.accept(batch(40, 20));
    dispatcher.cutAll();
    expect(ranges).toHaveLength(1);
    expect(ranges[0]).toMatchObject({ firstOffset: 50, lastOffset: 59 });
    expect(budget.usedBytes).toBe(10);
  });

  it("gives everything back that was collected when it is assigned anew, and drops batches of other partitions", () => {
    dispatcher.accept(batch(0, 10, 300));
    dispatcher.accept(batch(0, 10, 200, 1));
    expect(buffers.freeBytes).toBe(0);
    dispatcher.assign([{ topic: "t", partition: 1, offset: 0, intents: [] }]);
    expect(budget.usedBytes).toBe(0);
    expect(buffers.freeBytes).toBeGreaterThan(0);
    expect(dispatcher.accept(batch(0, 10, 300))).toBeUndefined();
    dispatcher.accept(batch(0, 10, 300, 1));
    dispatcher.cutAll();
    expect(ranges.map((range) => range.partition)).toEqual([1]);
  });

  it("cuts the ranges of an earlier owner with their bounds and their time before it cuts freely", () => {
    const intents = [
      { firstOffset: 100, lastOffset: 149, judgedMs: 7 },
      { firstOffset: 150, lastOffset: 169, judgedMs: 8 },
    ];
    dispatcher.assign([{ topic: "t", partition: 0, offset: 100, intents }]);
    dispatcher.accept(batch(100, 30, 1_000));
    vi.advanceTimersByTime(5_000);
    dispatcher.cutAll();
    expect(ranges).toEqual([]);
    dispatcher.accept(batch(130, 60));
    expect(bounds(ranges)).toEqual([
      [100, 149],
      [150, 169],
    ]);
    expect(ranges.map(({ judgedMs, recordCount }) => [judgedMs, recordCount])).toEqual([
      [7, 90],
      [8, 60],
    ]);
    dispatcher.cutAll();
    expect(bounds(ranges)[2]).toEqual([170, 189]);
    expect(ranges[2]!.judgedMs).toBe(Date.now());
  });

  it("completes an announced range whose records are gone, without a batch", () => {
    const intents = [{ firstOffset: 100, lastOffset: 149, judgedMs: 7 }];
    dispatcher.assign([{ topic: "t", partition: 0, offset: 100, intents }]);
    dispatcher.accept({ ...batch(200, 10), fetchOffset: 100 });
    expect(bounds(ranges)).toEqual([[100, 149]]);
    expect(ranges[0]!.batches).toEqual([]);
    dispatcher.cutAll();
    expect(bounds(ranges)[1]).toEqual([150, 209]);
  });

  it("gives offsets without a record to the range after them", () => {
    dispatcher.accept(batch(0, 10));
    dispatcher.cutAll();
    dispatcher.accept(batch(10, 15, 0));
    dispatcher.cutAll();
    expect(ranges).toHaveLength(1);
    dispatcher.accept(batch(25, 5));
    dispatcher.cutAll();
    expect(bounds(ranges)).toEqual([
      [0, 9],
      [10, 29],
    ]);
  });

  it("begins after records that the log has lost", () => {
    dispatcher.assign([{ topic: "t", partition: 0, offset: 10, intents: [] }]);
    dispatcher.loseTo({ topic: "t", partition: 0 }, 25);
    dispatcher.accept(batch(25, 5));
    dispatcher.cutAll();
    expect(bounds(ranges)).toEqual([[25, 29]]);
  });

  it("does not take a batch whose fetch began beyond the next offset, and says where to go on", () => {
    dispatcher.accept(batch(0, 10));
    expect(dispatcher.accept(batch(20, 10))).toBe(10);
    expect(dispatcher.accept({ ...batch(20, 10), fetchOffset: 10 })).toBeUndefined();
    dispatcher.cutAll();
    expect(bounds(ranges)).toEqual([[0, 29]]);
  });

  it("asks for one partition alone when ranges of an earlier owner hold the whole budget", () => {
    const intents = [{ firstOffset: 0, lastOffset: 99, judgedMs: 7 }];
    dispatcher.assign([0, 1].map((partition) => ({ topic: "t", partition, offset: 0, intents })));
    busy = true;
    for (const partition of [0, 1]) dispatcher.accept(batch(0, 50, 1_000, partition));
    expect(pauses).toEqual(["pause"]);
    vi.advanceTimersByTime(100);
    expect(starved).toEqual([]);
    busy = false;
    vi.advanceTimersByTime(60);
    expect(starved[0]).toBe(0);
    dispatcher.accept(batch(50, 50, 1_000));
    expect(bounds(ranges)).toEqual([[0, 99]]);
  });

  it("pauses at the high-water mark and resumes only at the low one", () => {
    for (let index = 0; index < 3; index += 1) dispatcher.accept(batch(index * 10, 10, 900));
    expect(pauses).toEqual(["pause"]);
    budget.give(900);
    expect(pauses).toEqual(["pause"]);
    budget.give(1_400);
    expect(pauses).toEqual(["pause", "resume"]);
    expect(budget.peakBytes).toBe(2_700);
  });

  it("lets ranges grow while there is no room, cuts them by size all the same, and the oldest first afterwards", () => {
    room = false;
    closesAfterCut = true;
    dispatcher.accept(batch(0, 10, 10, 1));
    vi.advanceTimersByTime(100);
    dispatcher.accept(batch(0, 10));
    vi.advanceTimersByTime(2_000);
    expect(ranges).toHaveLength(0);
    dispatcher.accept(batch(10, 90));
    expect(ranges.map((range) => range.recordCount)).toEqual([100]);
    dispatcher.accept(batch(100, 5));
    vi.advanceTimersByTime(600);
    room = true;
    dispatcher.cutDue();
    expect(ranges.map((range) => range.partition)).toEqual([0, 1]);
  });
});
