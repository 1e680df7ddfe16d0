import type { Histogram } from "hdr-histogram-js";
import { eachValue } from "./histogram-values.ts";

/**
 * Upper bounds of the buckets in ms, 5 ms to 60 s, each a quarter more than the one before (Renard's series): a quantile
 * that Prometheus interpolates between two of them is off by some 5 % at most. All stages have 301 buckets together.
 */
export const bucketBoundsMs: readonly number[] = [
  ...[5, 6.3, 8],
  ...[1, 10, 100].flatMap((unit) => [10, 12.5, 16, 20, 25, 31.5, 40, 50, 63, 80].map((value) => value * unit)),
  ...[10_000, 12_500, 16_000, 20_000, 25_000, 31_500, 40_000, 50_000, 60_000],
];

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
export function bucketsOf(histogram: Histogram, boundsMs: readonly number[] = bucketBoundsMs): Buckets {
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
