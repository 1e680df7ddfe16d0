import { expect, it } from "vitest";
import { bucketsOf } from "../../telemetry/stage-buckets.ts";
import { newHistogram, stages } from "../../telemetry/stages.ts";
import { History, type Slot, seriesNames } from "./history.ts";
import { heatBoundsMs, heatOf, quantileMs, windowBoundsMs } from "./latency-window.ts";

function slotOf(atMs: number, value: number, latenciesMs: readonly number[] = []): Slot {
  const counts = windowBoundsMs.map((bound, index) => {
    const lower = windowBoundsMs[index - 1] ?? -1;
    return latenciesMs.filter((ms) => ms > lower && ms <= bound).length;
  });
  return {
    atMs,
    values: Object.fromEntries(seriesNames.map((name) => [name, value])) as Slot["values"],
    counts: Object.fromEntries(stages.map((stage) => [stage, counts])) as unknown as Slot["counts"],
  };
}

it("keeps a quarter of an hour and forgets what is older", () => {
  const history = new History();
  for (let number = 0; number < 1_000; number += 1) history.push(slotOf(number * 2_000, number, [100]));
  const { firstNumber, atMs, values, heat } = history.document();
  expect([firstNumber, atMs.length, atMs[0], atMs.at(-1)]).toEqual([550, 450, 1_100_000, 1_998_000]);
  expect(values.lagRecords).toEqual(Array.from({ length: 450 }, (_, index) => 550 + index));
  expect(heat.e2e).toHaveLength(90);
  expect(heat.e2e.every(({ counts }) => counts[1] === 5)).toBe(true);
  expect(quantileMs(history.counts("e2e"), 0.5)).toBeCloseTo(100, -1);
});

it("leaves out what was not known", () => {
  const history = new History();
  history.push(slotOf(0, Number.NaN));
  history.push(slotOf(2_000, 4));
  expect(history.document().values.lagRecords).toEqual([null, 4]);
  expect(history.mean("lagRecords")).toBe(4);
  expect(new History().mean("lagRecords")).toBeUndefined();
  expect(history.latest()).toMatchObject({ number: 1, atMs: 2_000, p95: { e2e: null }, heat: { e2e: [] } });
});

it("gives the quantiles of any window within 3 % of the histogram's", () => {
  const histogram = newHistogram();
  for (let index = 1; index <= 50_000; index += 1) histogram.recordValue(Math.round(30 + (index % 977) ** 1.6 / 20));
  const { counts } = bucketsOf(histogram, windowBoundsMs);
  const each = counts.map((upTo, index) => upTo - (counts[index - 1] ?? 0));
  for (const share of [0.5, 0.95, 0.99]) {
    const exactMs = histogram.getValueAtPercentile(share * 100);
    expect(Math.abs(quantileMs(each, share)! / exactMs - 1), String(share)).toBeLessThan(0.03);
  }
  expect(
    quantileMs(
      windowBoundsMs.map(() => 0),
      0.95,
    ),
  ).toBeNull();
});

it("tells short latencies to the millisecond", () => {
  const { counts } = slotOf(0, 0, [3, 3, 3, 4]);
  expect([quantileMs(counts.e2e, 0.5), quantileMs(counts.e2e, 0.99)]).toEqual([3, 4]);
});

it("has a row of the heat map for every latency", () => {
  const rows = heatOf(slotOf(0, 0, [1, 90, 95, 700_000 - 100_001]).counts.e2e);
  const named = rows.filter((_, index) => index % 2 === 0).map((row) => heatBoundsMs[row]);
  expect(named).toEqual([1, 100, 600_000]);
  expect(rows.filter((_, index) => index % 2 === 1)).toEqual([1, 2, 1]);
  for (const bound of windowBoundsMs) expect(heatBoundsMs.some((upper) => bound <= upper)).toBe(true);
});
