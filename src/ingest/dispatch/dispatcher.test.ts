import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import { systemClock } from "../../core/clock.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import { ByteBudget } from "./byte-budget.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import type { RawBundle } from "./raw-bundle.ts";

const limits = { rows: 100, bytes: 1_000, intervalMs: 500, members: 5 };

function batch(baseOffset: number, recordCount: number, byteLength = 10, partition = 0, topic = "t"): RawBatch {
  const bytes = new Uint8Array(byteLength);
  const lastOffset = baseOffset + recordCount - 1;
  const receivedMs = Date.now();
  return { topic, partition, fetchOffset: baseOffset, baseOffset, lastOffset, recordCount, bytes, receivedMs };
}

/** Partition, first and last offset of each range of each bundle. */
function bounds(bundles: RawBundle[]): [number, number, number][][] {
  return bundles.map(({ ranges }) =>
    ranges.map(({ partition, firstOffset, lastOffset }) => [partition, firstOffset, lastOffset]),
  );
}

describe("createDispatcher()", () => {
  let bundles: RawBundle[];
  let budget: ByteBudget;
  let buffers: BufferPool;
  let pauses: string[];
  let room: boolean;
  let dispatcher: Dispatcher;
  let closesAfterCut = false;

  beforeEach(() => {
    vi.useFakeTimers();
    bundles = [];
    room = true;
    pauses = [];
    closesAfterCut = false;
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
      planKeyOf: (topic) => topic,
      hasRoom: () => room,
      onCut(bundle) {
        bundles.push(bundle);
        if (closesAfterCut) room = false;
      },
    });
    const partitions = [0, 1, 2, 3, 4, 5].map((partition) => ({ topic: "t", partition, offset: 0 }));
    dispatcher.assign([...partitions, { topic: "u", partition: 0, offset: 0 }]);
  });
  afterEach(() => {
    dispatcher.stop();
    vi.useRealTimers();
  });

  it("takes a batch for which there was no memory when it is fetched again", () => {
    dispatcher.accept(batch(0, 2));
    vi.spyOn(buffers, "take").mockImplementationOnce(() => {
      throw new RangeError("Array buffer allocation failed");
    });
    expect(() => dispatcher.accept(batch(2, 3, 200_000))).toThrow("allocation");
    dispatcher.cutAll();
    dispatcher.accept(batch(2, 3, 200_000));
    dispatcher.cutAll();
    expect(bounds(bundles)).toEqual([[[0, 0, 1]], [[0, 2, 4]]]);
    expect(bundles[1]!.ranges[0]!.batches).toHaveLength(1);
  });

  it.each([-3_600_000, 3_600_000])("cuts by age alike when the wall clock is set by %i ms meanwhile", (stepMs) => {
    dispatcher.accept(batch(0, 1));
    vi.advanceTimersByTime(limits.intervalMs / 2);
    vi.setSystemTime(Date.now() + stepMs);
    vi.advanceTimersByTime(limits.intervalMs / 2 - 1);
    expect(bundles).toHaveLength(0);
    vi.advanceTimersByTime(2);
    // What leaves the process is the wall clock's.
    expect(bundles.map(({ judgedMs }) => Date.now() - judgedMs <= 1)).toEqual([true]);
  });

  it("cuts all partitions of a pipeline together, sorted, and other pipelines on their own", () => {
    dispatcher.accept(batch(0, 5, 10, 2));
    vi.advanceTimersByTime(limits.intervalMs / 2);
    dispatcher.accept(batch(0, 7, 10, 0));
    dispatcher.accept(batch(0, 3, 10, 0, "u"));
    vi.advanceTimersByTime(limits.intervalMs / 2 + 1);
    expect(bounds(bundles)).toEqual([
      [
        [0, 0, 6],
        [2, 0, 4],
      ],
    ]);
    expect(bundles[0]).toMatchObject({ planKey: "t", byteLength: 20, recordCount: 12 });
    vi.advanceTimersByTime(limits.intervalMs / 2);
    expect(bundles[1]).toMatchObject({ planKey: "u", recordCount: 3 });
  });

  it("cuts by rows, by bytes and by partitions, of all partitions together", () => {
    dispatcher.accept(batch(0, 60));
    dispatcher.accept(batch(0, 10, 10, 1));
    expect(bundles).toHaveLength(0);
    dispatcher.accept(batch(60, 30));
    expect(bounds(bundles)).toEqual([
      [
        [0, 0, 89],
        [1, 0, 9],
      ],
    ]);
    dispatcher.accept(batch(90, 1, 600));
    dispatcher.accept(batch(10, 1, 400, 1));
    expect(bundles[1]).toMatchObject({ byteLength: 1_000, recordCount: 2 });
    for (let partition = 0; partition < limits.members; partition += 1) dispatcher.accept(batch(100, 1, 1, partition));
    expect(bundles).toHaveLength(2);
    for (const partition of [2, 3, 4]) dispatcher.accept(batch(0, 1, 1, partition));
    dispatcher.accept(batch(91, 1, 1, 0));
    dispatcher.accept(batch(11, 1, 1, 1));
    expect(bounds(bundles)[2]?.map(([partition]) => partition)).toEqual([0, 1, 2, 3, 4]);
  });

  it("drops what kafkajs fetched again and cuts a batch that begins below the next offset", () => {
    dispatcher.assign([{ topic: "t", partition: 0, offset: 50 }]);
    dispatcher.accept(batch(0, 50));
    dispatcher.accept(batch(40, 20));
    dispatcher.accept(batch(40, 20));
    dispatcher.cutAll();
    expect(bounds(bundles)).toEqual([[[0, 50, 59]]]);
    expect(budget.usedBytes).toBe(10);
  });

  it("gives everything back that was collected when it is assigned anew, and drops batches of other partitions", () => {
    dispatcher.accept(batch(0, 10, 300));
    dispatcher.accept(batch(0, 10, 200, 1));
    expect(buffers.freeBytes).toBe(0);
    dispatcher.assign([{ topic: "t", partition: 1, offset: 0 }]);
    expect(budget.usedBytes).toBe(0);
    expect(buffers.freeBytes).toBeGreaterThan(0);
    expect(dispatcher.accept(batch(0, 10, 300))).toBeUndefined();
    dispatcher.accept(batch(0, 10, 300, 1));
    dispatcher.cutAll();
    expect(bounds(bundles)).toEqual([[[1, 0, 9]]]);
  });

  it("drops what is collected for a pipeline, takes no more of it, and leaves the others alone", () => {
    dispatcher.accept(batch(0, 10));
    dispatcher.accept(batch(0, 10, 20, 0, "u"));
    dispatcher.dropPlan("t");
    expect(budget.usedBytes).toBe(20);
    expect(dispatcher.accept(batch(10, 10))).toBeUndefined();
    dispatcher.cutAll();
    expect(bundles.map(({ planKey }) => planKey)).toEqual(["u"]);
  });

  it("gives offsets without a record to the range after them", () => {
    dispatcher.accept(batch(0, 10));
    dispatcher.cutAll();
    dispatcher.accept(batch(10, 15, 0));
    dispatcher.cutAll();
    expect(bundles).toHaveLength(1);
    dispatcher.accept(batch(25, 5));
    dispatcher.cutAll();
    expect(bounds(bundles)).toEqual([[[0, 0, 9]], [[0, 10, 29]]]);
  });

  it("begins after records that the log has lost, and cuts what came before them", () => {
    dispatcher.accept(batch(0, 5));
    dispatcher.accept(batch(0, 1, 10, 1));
    dispatcher.loseTo({ topic: "t", partition: 0 }, 25);
    dispatcher.accept(batch(25, 5));
    dispatcher.cutAll();
    expect(bounds(bundles)).toEqual([
      [
        [0, 0, 4],
        [1, 0, 0],
      ],
      [[0, 25, 29]],
    ]);
  });

  it("does not take a batch whose fetch began beyond the next offset, and says where to go on", () => {
    dispatcher.accept(batch(0, 10));
    expect(dispatcher.accept(batch(20, 10))).toBe(10);
    expect(dispatcher.accept({ ...batch(20, 10), fetchOffset: 10 })).toBeUndefined();
    dispatcher.cutAll();
    expect(bounds(bundles)).toEqual([[[0, 0, 29]]]);
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

  it("lets bundles grow while there is no room, cuts them by size all the same, and the oldest first afterwards", () => {
    room = false;
    closesAfterCut = true;
    dispatcher.accept(batch(0, 10, 10, 0, "u"));
    vi.advanceTimersByTime(100);
    dispatcher.accept(batch(0, 10));
    vi.advanceTimersByTime(2_000);
    expect(bundles).toHaveLength(0);
    dispatcher.accept(batch(10, 90));
    expect(bundles.map((bundle) => bundle.recordCount)).toEqual([100]);
    dispatcher.accept(batch(100, 5));
    vi.advanceTimersByTime(600);
    room = true;
    dispatcher.cutDue();
    expect(bundles.map(({ planKey }) => planKey)).toEqual(["t", "u"]);
    // The other waits for room, and is looked at now and then without anybody asking.
    room = true;
    vi.advanceTimersByTime(limits.intervalMs / 10);
    expect(bundles.map(({ planKey }) => planKey)).toEqual(["t", "u", "t"]);
  });

  it("wakes up for nothing while nothing is collected", () => {
    expect(vi.getTimerCount()).toBe(0);
    dispatcher.accept(batch(0, 1));
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(limits.intervalMs);
    expect(bundles).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
