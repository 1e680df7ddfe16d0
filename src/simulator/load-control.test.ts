import { expect, test } from "vitest";
import { completeSimulatorOptions } from "../config/simulator.ts";
import { AcknowledgedRanges } from "./acknowledged-ranges.ts";
import { openBackPressure, updateBackPressure } from "./back-pressure.ts";
import { advancePacer, openPacer } from "./pacer.ts";
import { cumulate, pickWeighted, Random } from "./random.ts";
import { TimeWeights } from "./time-weight.ts";

const settings = completeSimulatorOptions({ brokers: [] });
const everything = Number.POSITIVE_INFINITY;

test("events are due evenly, whatever the ticks", () => {
  const pacer = openPacer(0);
  const times: number[] = [];
  let nowMs = 0;
  const random = new Random(1);
  while (nowMs < 10_000) {
    nowMs = Math.min(10_000, nowMs + random.between(1, 40));
    const { count, firstMs, stepMs } = advancePacer(pacer, nowMs, 700, 700, everything);
    for (let index = 0; index < count; index++) times.push(firstMs + index * stepMs);
  }
  expect(times).toHaveLength(7_000);
  for (const [index, time] of times.entries()) {
    expect(Math.abs(time - ((index + 1) * 1_000) / 700)).toBeLessThan(0.01);
  }
});

test("a standstill is made up for up to a second; the rest counts as withheld", () => {
  const pacer = openPacer(0);
  const paced = advancePacer(pacer, 3_000, 100, 100, everything);
  expect(paced.count).toBe(100);
  expect(paced.firstMs).toBeGreaterThan(2_000);
  expect(pacer.withheld).toBe(200);
});

test("what back-pressure and a full queue hold back counts as withheld", () => {
  const pacer = openPacer(0);
  expect(advancePacer(pacer, 500, 0, 1_000, everything).count).toBe(0);
  expect(advancePacer(pacer, 1_000, 1_000, 1_000, 100).count).toBe(100);
  expect(pacer.withheld).toBe(900);
  expect(advancePacer(pacer, 900, 1_000, 1_000, everything).count).toBe(0); // the clock went back
});

test("the soft stage scales down step by step and recovers, the hard stage pauses and resumes", () => {
  const state = openBackPressure(settings);
  expect(updateBackPressure(state, settings, 0.86, 0)).toBe("scaled down");
  expect(updateBackPressure(state, settings, 0.86, 50)).toBeUndefined(); // one step in 100 ms
  for (let nowMs = 100; nowMs < 3_000; nowMs += 100) updateBackPressure(state, settings, 0.86, nowMs);
  expect(state).toMatchObject({ scale: 0.2, paused: false });
  expect(updateBackPressure(state, settings, 0.91, 3_000)).toBe("throttled");
  expect(updateBackPressure(state, settings, 0.8, 3_100)).toBeUndefined();
  expect(state).toMatchObject({ paused: true, pauses: 1 });
  expect(updateBackPressure(state, settings, 0.75, 3_200)).toBe("resumed");
  expect(updateBackPressure(state, settings, 0.5, 3_300)).toBe("scaled up");
  for (let nowMs = 3_400; nowMs < 6_000; nowMs += 100) updateBackPressure(state, settings, 0.5, nowMs);
  expect(state.scale).toBe(1);
});

test("time weights follow the hour of their zone, within their bounds, anew every minute, by seed", () => {
  const weights = [{ fromHour: 0, toHour: 5, min: 0.25, max: 0.45 }];
  const midnightInSeoul = Date.UTC(2026, 0, 1, 15);
  const first = new TimeWeights(weights, "Asia/Seoul", 1);
  const factors = Array.from({ length: 60 }, (_, minute) => first.at(midnightInSeoul + minute * 60_000));
  for (const factor of factors) expect(factor).toSatisfy((value: number) => value >= 0.25 && value <= 0.45);
  expect(new Set(factors).size).toBe(60);
  expect(new TimeWeights(weights, "Asia/Seoul", 1).at(midnightInSeoul)).toBe(factors[0]);
  expect(new TimeWeights(weights, "UTC", 1).at(midnightInSeoul)).toBe(1);
  expect(first.at(midnightInSeoul + 6 * 3_600_000)).toBe(1);
});

test("acknowledged offsets join into ranges and show gaps", () => {
  const ranges = new AcknowledgedRanges();
  ranges.add(10, 5);
  ranges.add(15, 5);
  ranges.add(30, 1);
  ranges.add(-1, 2);
  expect(ranges).toMatchObject({
    count: 13,
    withoutOffset: 2,
    ranges: [
      { first: 10, last: 19 },
      { first: 30, last: 30 },
    ],
  });
});

test("weighted picks come in their proportions, and never at weight 0", () => {
  const random = new Random(3);
  const counts = [0, 0, 0];
  const cumulative = cumulate([1, 0, 3]);
  for (let index = 0; index < 40_000; index++) counts[pickWeighted(random, cumulative)]!++;
  expect(counts[1]).toBe(0);
  expect(Math.abs(counts[0]! / 40_000 - 0.25)).toBeLessThan(0.007);
});
