import { expect, it } from "vitest";
import { bucketBoundsMs, bucketsOf, metricBoundsMs } from "./stage-buckets.ts";
import { newHistogram } from "./stages.ts";
import { bucketQuantile } from "./testing/bucket-quantile.ts";

it("has bounds from 5 ms to 60 s for heat maps, each at most 30 % above the one before", () => {
  expect([bucketBoundsMs[0], bucketBoundsMs.at(-1), bucketBoundsMs.length]).toEqual([5, 60_000, 42]);
  for (const [index, bound] of bucketBoundsMs.slice(1).entries()) {
    const ratio = bound / bucketBoundsMs[index]!;
    expect(ratio, String(bound)).toBeGreaterThan(1.15);
    expect(ratio, String(bound)).toBeLessThan(1.3);
  }
});

it("has bounds for quantiles among which those are, each some 5 % above the one before", () => {
  expect(metricBoundsMs.length).toBe(213);
  expect(metricBoundsMs).toEqual(expect.arrayContaining([...bucketBoundsMs, 1_000, 10_000, 20_000]));
  for (const [index, bound] of metricBoundsMs.entries()) {
    if (bound <= 5) continue;
    expect(bound / metricBoundsMs[index - 1]!, String(bound)).toBeGreaterThan(1.03);
    expect(bound / metricBoundsMs[index - 1]!, String(bound)).toBeLessThan(1.0505);
  }
});

it("counts each value below its bound, and those above all bounds only in the whole", () => {
  const histogram = newHistogram();
  expect(bucketsOf(histogram)).toEqual({ counts: metricBoundsMs.map(() => 0), count: 0, sumSeconds: 0 });
  for (const [valueMs, count] of [
    [0, 2],
    [5, 3],
    [6, 1],
    [40, 10],
    [120_000, 4],
  ] as const)
    histogram.recordValueWithCount(valueMs, count);
  const { counts, count, sumSeconds } = bucketsOf(histogram);
  const upTo = (boundMs: number) => counts[metricBoundsMs.indexOf(boundMs)];
  expect([upTo(1), upTo(4), upTo(5), upTo(6.3), upTo(31.5), upTo(40), upTo(60_000), count]).toEqual([
    ...[2, 2, 5, 6, 6, 16, 16, 20],
  ]);
  expect(sumSeconds).toBeCloseTo((3 * 5 + 6 + 400 + 480_000) / 1000, -1);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
});

it("gives quantiles that are those of the histogram within 5 %, of values that are spread and of values that are alike", () => {
  const spread = newHistogram();
  for (let valueMs = 1; valueMs <= 20_000; valueMs += 1) spread.recordValue(valueMs);
  const alike = [7, 45, 333, 1_999, 4_242, 59_000].map((valueMs) => {
    const histogram = newHistogram();
    histogram.recordValueWithCount(valueMs, 1_000);
    histogram.recordValueWithCount(1, 40);
    return histogram;
  });
  for (const histogram of [spread, ...alike]) {
    for (const quantile of [0.5, 0.9, 0.95, 0.99]) {
      const exactMs = histogram.getValueAtPercentile(quantile * 100);
      const interpolatedMs = bucketQuantile(metricBoundsMs, bucketsOf(histogram), quantile);
      expect(Math.abs(interpolatedMs / exactMs - 1), `p${quantile * 100} of ${exactMs}`).toBeLessThan(0.05);
    }
  }
});

it("counts beyond 32 bits where it is told to", () => {
  const histogram = newHistogram(64);
  histogram.recordValueWithCount(7, 2 ** 32 + 5);
  const { counts, count } = bucketsOf(histogram);
  expect([counts.at(-1), count]).toEqual([2 ** 32 + 5, 2 ** 32 + 5]);
});
