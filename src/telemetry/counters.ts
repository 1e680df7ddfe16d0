import type { TranscodeCounts } from "../codec/task.ts";
import type { CounterRow } from "./counter-row.ts";
import { type Counts, counterRows, type ReportedCounts } from "./counter-rows.ts";

/** What happened since the start, for status line, report and metrics. Counted where it happens. */
export interface Counters extends Counts {
  /** When the first row was acknowledged, by `performance.now()`. */
  firstRowMs: number | undefined;
}

const rows: readonly CounterRow[] = counterRows;

export function createCounters(): Counters {
  const zero = ({ by, keys = [] }: CounterRow) =>
    by === undefined ? 0 : Object.fromEntries(keys.map((key) => [key, 0]));
  const counts = Object.fromEntries(rows.map((row) => [row.name, zero(row)])) as unknown as Counts;
  return { ...counts, firstRowMs: undefined };
}

/** Counts a bundle that was inserted and acknowledged. */
export function countBundle(
  counters: Counters,
  bundle: { byteLength: number; ranges: readonly unknown[] },
  stored: number,
  result: { deadLetters: { rowCount: number }; counts: TranscodeCounts },
): void {
  counters.stored += stored;
  counters.dead += result.deadLetters.rowCount;
  counters.inputBytes += bundle.byteLength;
  counters.insertedRanges += bundle.ranges.length;
  counters.insertedBundles += 1;
  if (stored > 0) counters.firstRowMs ??= performance.now();
  addCounts(counters, result.counts);
}

/** Those that the end report has as its `counts`. */
export function reportedCounts(counters: Counts): ReportedCounts {
  const reported = rows.filter(({ report }) => report === "counts").map(({ name }) => name as keyof Counts);
  return Object.fromEntries(reported.map((name) => [name, counters[name]])) as unknown as ReportedCounts;
}

function addCounts(counts: Counts, more: Partial<Counts>): void {
  const sums = counts as unknown as Record<string, number | Record<string, number>>;
  for (const [name, figure] of Object.entries(more)) {
    if (typeof figure === "number") {
      sums[name] = (sums[name] as number) + figure;
      continue;
    }
    const parts = sums[name] as Record<string, number>;
    for (const [key, count] of Object.entries(figure)) parts[key] = (parts[key] ?? 0) + count;
  }
}
