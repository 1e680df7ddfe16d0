import { describe, expect, it } from "vitest";
import { jitteredPauseMs, pauseMs } from "./backoff.ts";

const bounds = { firstMs: 100, maxMs: 1_000 };

describe("pauseMs()", () => {
  it("begins with the first pause, doubles, and stays at the longest", () => {
    expect([1, 2, 3, 4, 5, 6].map((failures) => pauseMs(failures, bounds))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("is a number after any count of failures", () => {
    expect(pauseMs(100_000, bounds)).toBe(1_000);
    expect(pauseMs(100_000, { firstMs: 0, maxMs: 1_000 })).toBe(0);
  });
});

describe("jitteredPauseMs()", () => {
  it("is anything from half the pause to the whole", () => {
    expect(jitteredPauseMs(3, bounds, () => 0)).toBe(200);
    expect(jitteredPauseMs(3, bounds, () => 0.5)).toBe(300);
    expect(jitteredPauseMs(9, bounds, () => 0.9999)).toBe(1_000);
  });

  it("is never short, however often it is asked", () => {
    const pauses = Array.from({ length: 1_000 }, () => jitteredPauseMs(1, bounds));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(100);
  });

  it("differs from instance to instance", () => {
    expect(new Set(Array.from({ length: 20 }, () => jitteredPauseMs(9, bounds))).size).toBeGreaterThan(1);
  });
});
