import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BufferPool } from "../../core/buffer-pool.ts";
import { systemClock } from "../../core/clock.ts";
import type { RawBatch } from "../../core/raw-batch.ts";
import { ByteBudget } from "./byte-budget.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import type { RawBundle } from "./raw-bundle.ts";

const limits = { rows: 100, bytes: 1_000, intervalMs: 500, members: 5 };

function batch(offset: number, topic = "t"): RawBatch {
  const offsets = { fetchOffset: offset, baseOffset: offset, lastOffset: offset };
  return { topic, partition: 0, ...offsets, recordCount: 1, bytes: new Uint8Array(1), receivedMs: Date.now() };
}

describe("cutCaughtUp()", () => {
  let bundles: RawBundle[];
  let room: boolean;
  let dispatcher: Dispatcher;

  beforeEach(() => {
    vi.useFakeTimers();
    bundles = [];
    room = true;
    dispatcher = createDispatcher({
      limits,
      budget: new ByteBudget({ highBytes: 2_000, lowBytes: 500, onPause: () => {}, onResume: () => {} }),
      buffers: new BufferPool(() => 1 << 20),
      clock: systemClock,
      wallMs: () => Date.now(),
      planKeyOf: (topic) => topic,
      hasRoom: () => room,
      onCut: (bundle) => bundles.push(bundle),
    });
    dispatcher.assign(["t", "u"].map((topic) => ({ topic, partition: 0, offset: 0 })));
    // To the beginning of a tick.
    vi.advanceTimersByTime(limits.intervalMs - (Math.floor(systemClock.nowMs()) % limits.intervalMs));
  });

  it("cuts at once, all pipelines", () => {
    dispatcher.accept(batch(0));
    dispatcher.accept(batch(0, "u"));
    dispatcher.cutCaughtUp(100);
    expect(bundles).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("cuts once in a tick of the interval: what comes later in it waits for the next", () => {
    dispatcher.accept(batch(0));
    dispatcher.cutCaughtUp(100);
    vi.advanceTimersByTime(limits.intervalMs * 0.8);
    dispatcher.accept(batch(1));
    dispatcher.cutCaughtUp(100);
    expect(bundles).toHaveLength(1);
    vi.advanceTimersByTime(limits.intervalMs * 0.3);
    dispatcher.accept(batch(2));
    dispatcher.cutCaughtUp(100);
    expect(bundles.map(({ ranges }) => ranges.map(({ lastOffset }) => lastOffset))).toEqual([[0], [2]]);
  });

  it("what comes later in it does not wait for its age, when nothing comes in the next", () => {
    dispatcher.accept(batch(0));
    dispatcher.cutCaughtUp(100);
    vi.advanceTimersByTime(limits.intervalMs * 0.8);
    dispatcher.accept(batch(1));
    dispatcher.cutCaughtUp(100);
    vi.advanceTimersByTime(limits.intervalMs * 0.2);
    expect(bundles).toHaveLength(1);
    vi.advanceTimersByTime(100);
    expect(bundles).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("a bundle that was cut by size is the tick's", () => {
    for (let offset = 0; offset < 101; offset++) dispatcher.accept(batch(offset));
    dispatcher.cutCaughtUp(100);
    expect(bundles).toHaveLength(1);
    vi.advanceTimersByTime(limits.intervalMs + 1);
    expect(bundles).toHaveLength(2);
  });

  it("waits for room, and cuts when there is some", () => {
    room = false;
    dispatcher.accept(batch(0));
    dispatcher.cutCaughtUp(100);
    expect(bundles).toHaveLength(0);
    room = true;
    dispatcher.cutDue();
    expect(bundles).toHaveLength(1);
  });
  afterEach(() => {
    dispatcher.stop();
    vi.useRealTimers();
  });
});
