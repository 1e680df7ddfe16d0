import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InsertPace } from "./insert-pace.ts";

describe("the pace of the sink", () => {
  let stop: AbortController;
  let pace: InsertPace;
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0);
    stop = new AbortController();
    pace = new InsertPace(8, { firstMs: 100, maxMs: 1_000 }, stop.signal);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  /** How many of `count` entries were let in at once. */
  async function enter(count: number): Promise<() => number> {
    let inside = 0;
    for (let entry = 0; entry < count; entry += 1) void pace.enter(false).then(() => (inside += 1));
    await vi.advanceTimersByTimeAsync(0);
    return () => inside;
  }

  it.each([-3_600_000, 3_600_000])("pauses alike when the wall clock is set by %i ms meanwhile", async (stepMs) => {
    const pauseMs = pace.slowDown();
    vi.setSystemTime(Date.now() + stepMs);
    const inside = await enter(1);
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect(inside()).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(inside()).toBe(1);
  });

  it("halves the inserts at an overload, once for all that were under way, and pauses longer each time", async () => {
    expect([pace.slowDown(), pace.allowed]).toEqual([50, 4]);
    expect([pace.slowDown(), pace.allowed]).toEqual([50, 4]);
    await vi.advanceTimersByTimeAsync(50);
    expect([pace.slowDown(), pace.allowed]).toEqual([100, 2]);
    await vi.advanceTimersByTimeAsync(100);
    expect([pace.slowDown(), pace.allowed]).toEqual([200, 1]);
    await vi.advanceTimersByTimeAsync(200);
    expect([pace.slowDown(), pace.allowed]).toEqual([400, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    for (let time = 0; time < 10; time += 1) {
      pace.slowDown();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(pace.slowDown()).toBe(500);
  });

  it("lets nobody in during the pause, and then as many as are allowed, repeats first", async () => {
    pace.slowDown();
    const inside = await enter(6);
    let isRepeatIn = false;
    void pace.enter(true).then(() => {
      isRepeatIn = true;
    });
    await vi.advanceTimersByTimeAsync(49);
    expect(inside()).toBe(0);
    await vi.advanceTimersByTimeAsync(2);
    expect([inside(), isRepeatIn]).toEqual([3, true]);
    pace.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(inside()).toBe(4);
  });

  it("recovers step by step, one more insert after each round of stored ones", async () => {
    for (let time = 0; time < 3; time += 1) {
      pace.slowDown();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    const seen = [pace.allowed];
    for (let stored = 0; stored < 1 + 2 + 3 + 4 + 5 + 6 + 7; stored += 1) {
      pace.noteStored();
      if (pace.allowed !== seen.at(-1)) seen.push(pace.allowed);
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("refuses those who wait when the signal aborts, and everybody after", async () => {
    const reason = new Error("stop");
    await enter(8);
    const waiting = pace.enter(false);
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(pace.enter(true)).rejects.toBe(reason);
  });
});
