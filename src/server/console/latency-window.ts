/** Latency of the last minutes in buckets fine enough for a person, so that windows of any length add up. */

const EXACT_MS = 20;
const STEP = 1.05;
const HIGHEST_MS = 600_000;

/** Upper bounds, ms: each of the first 40 its own, then steps of 5 % at most to ten minutes. What is longer counts as the last. */
export const windowBoundsMs: readonly number[] = boundsBy(STEP);

function boundsBy(step: number): number[] {
  const bounds = Array.from({ length: EXACT_MS }, (_, index) => index + 1);
  for (let last = EXACT_MS; last < HIGHEST_MS; last = bounds.at(-1)!)
    bounds.push(Math.min(HIGHEST_MS, Math.max(last + 1, Math.floor(last * step))));
  return bounds;
}

/** Below it lie `share` of the values, in ms; null without any. Between two bounds it is interpolated, as Prometheus does. */
export function quantileMs(counts: ArrayLike<number>, share: number): number | null {
  let total = 0;
  for (let index = 0; index < counts.length; index += 1) total += counts[index]!;
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  for (let index = 0; index < counts.length; index += 1) {
    const count = counts[index]!;
    if (count > 0 && below + count >= rank) {
      const upper = windowBoundsMs[index]!;
      const lower = windowBoundsMs[index - 1] ?? 0;
      return upper - lower <= 1 ? upper : lower + ((upper - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return HIGHEST_MS;
}

/** Upper bounds of the heat map's rows, ms: five to a decade. */
export const heatBoundsMs: readonly number[] = [
  ...[1, 1.6, 2.5, 4, 6.3].map((value) => value),
  ...[10, 100, 1_000, 10_000].flatMap((unit) => [1, 1.6, 2.5, 4, 6.3].map((value) => Math.round(value * unit))),
  100_000,
  HIGHEST_MS,
];

const rowOfBucket = windowBoundsMs.map((boundMs) => heatBoundsMs.findIndex((upper) => boundMs <= upper));

/** The counts by row of the heat map, without the rows that have none: `[row, count, row, count, …]`. */
export function heatOf(counts: ArrayLike<number>): number[] {
  const rows = new Map<number, number>();
  for (let index = 0; index < counts.length; index += 1) {
    const count = counts[index]!;
    if (count > 0) rows.set(rowOfBucket[index]!, (rows.get(rowOfBucket[index]!) ?? 0) + count);
  }
  return [...rows].flat();
}
