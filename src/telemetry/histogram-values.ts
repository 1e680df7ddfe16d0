import type { Histogram, JsHistogram } from "hdr-histogram-js";

/** What the JavaScript histogram has, and its interface does not name. Its iterator makes an object for each value. */
type Counts = Pick<JsHistogram, "countsArrayLength" | "getCountAtIndex" | "valueFromIndex" | "highestEquivalentValue">;

/**
 * Hands on each bucket that holds something, in ascending order: the highest value that it takes, and its records. Up to
 * 2,047 a bucket is one value, above it is less than 0.1 % wide.
 */
export function eachValue(histogram: Histogram, visit: (bound: number, count: number) => void): void {
  const values = histogram as unknown as Counts;
  let left = histogram.totalCount;
  for (let index = 0; left > 0 && index < values.countsArrayLength; index += 1) {
    const count = values.getCountAtIndex(index);
    if (count === 0) continue;
    left -= count;
    visit(values.highestEquivalentValue(values.valueFromIndex(index)), count);
  }
}
