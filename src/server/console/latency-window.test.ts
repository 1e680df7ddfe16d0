import { expect, it } from "vitest";
import { quantileMs, windowBoundsMs } from "./latency-window.ts";

it("has bounds of which each is at most 5 %, or 1 ms, more than the one before", () => {
  const tooWide = windowBoundsMs.filter((bound, index) => {
    const before = windowBoundsMs[index - 1] ?? 0;
    return bound - before > Math.max(1, before * 0.05);
  });
  expect(tooWide).toEqual([]);
});

it("is off by 5 % at most where the few highest values lie at the upper bound of their bucket", () => {
  for (const value of windowBoundsMs) {
    const counts = windowBoundsMs.map((bound) => (bound === value ? 51 : bound === 1 ? 949 : 0));
    expect(Math.abs(quantileMs(counts, 0.95)! - value)).toBeLessThanOrEqual(value * 0.05);
  }
});
