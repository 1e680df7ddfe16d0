import type { Histogram } from "hdr-histogram-js";
import { eachValue } from "./histogram-values.ts";

/** Upper bounds of a heat map's rows in ms, 5 ms to 60 s, each a quarter more than the one before (Renard's series). */
export const bucketBoundsMs: readonly number[] = [
  ...[5, 6.3, 8],
  ...[1, 10, 100].flatMap((unit) => [10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80].map((value) => value * unit)),
  ...[10_000, 12_500, 16_000, 20_000, 25_000, 31_500, 40_000, 50_000, 60_000],
];

/**
 * Upper bounds of the buckets in ms: those above with some between each two, so that each is at most 5 % more than the
 * one before. A quantile lies between the same two bounds as the true one, so it is off by no more than that, whatever the
 * values are like: a stage whose bundles all take 42 ms would be told as 50 by coarser ones. Below 5 ms each whole number is
 * one.
 */
export const metricBoundsMs: readonly number[] = [
  ...[1, 2, 3, 4, 5],
  ...bucketBoundsMs.slice(1).flatMap((upper, index) => between(bucketBoundsMs[index]!, upper)),
];

function between(lower: number, upper: number): number[] {
  const count = Math.ceil(Math.log(upper / lower) / Math.log(1.05));
  const step = (index: number) => Number((lower * (upper / lower) ** (index / count)).toPrecision(4));
  return [...Array.from({ length: count - 1 }, (_, index) => step(index + 1)), upper];
}

/** What Prometheus' classic histogram says. Times in seconds. */
export interface Buckets {
  /** Values up to each bound, those below it included; in the order of the bounds. */
  counts: number[];
  /** All values, those above the last bound included. */
  count: number;
  sumSeconds: number;
}

/**
 * The same values in coarser buckets. Made when somebody asks, from what the recorder keeps anyway: an event costs nothing,
 * and a scrape about a millisecond for each stage.
 */
export function bucketsOf(histogram: Histogram, boundsMs: readonly number[] = metricBoundsMs): Buckets {
  const counts = boundsMs.map(() => 0);
  let [bucket, below, sumMs] = [0, 0, 0];
  eachValue(histogram, (valueMs, count) => {
    for (; bucket < counts.length && valueMs > boundsMs[bucket]!; bucket += 1) counts[bucket] = below;
    below += count;
    sumMs += valueMs * count;
  });
  for (; bucket < counts.length; bucket += 1) counts[bucket] = below;
  return { counts, count: histogram.totalCount, sumSeconds: sumMs / 1000 };
}
