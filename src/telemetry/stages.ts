import { build, type Histogram } from "hdr-histogram-js";
import { eachValue } from "./histogram-values.ts";

/**
 * Latency stages in milliseconds, in the order in which an event passes them. One record counts once in each.
 *
 * - `produce`: event time → Kafka record time. The producer's own delay, up to an hour: beyond it an event is late, not
 *   slow, and counts in a lateness band (src/core/lateness.ts) instead of here and in `e2e`.
 * - `fetch`: Kafka record time → received. Broker and fetch wait.
 * - `queue`: received → worker start. Waiting for the cut and for a worker.
 * - `process`: the time that its range took in the worker.
 * - `insert`: insert sent → acknowledged, of its range.
 * - `pipeline`: Kafka record time → acknowledged.
 * - `e2e`: event time → acknowledged.
 */
export const stages = ["produce", "fetch", "queue", "process", "insert", "pipeline", "e2e"] as const;
export type Stage = (typeof stages)[number];

/** A week: what lay in Kafka that long still has a place. */
const HIGHEST_MS = 7 * 24 * 3600 * 1000;

/** Counts of one stage and group. `skewed` are negative differences: clock skew, kept out of the histogram. */
export interface StageCounts {
  histogram: Histogram;
  skewed: number;
}

/** @param counterBits 64 for counts that are never begun anew: 32 overflow at 4,294,967,295 records of one millisecond */
export function newHistogram(counterBits: 32 | 64 = 32): Histogram {
  return build({
    bitBucketSize: counterBits,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_MS,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}

/** Adds `count` records of `valueMs`. Above a week it counts as a week; the maximum then says so. */
export function recordIn(cell: StageCounts, valueMs: number, count: number): void {
  if (valueMs < 0) cell.skewed += count;
  else cell.histogram.recordValueWithCount(Math.min(HIGHEST_MS, Math.round(valueMs)), count);
}

/** Histograms by stage and group ("" = all records). */
export class StageTable {
  readonly #cells = new Map<string, StageCounts>();
  readonly #counterBits: 32 | 64;

  constructor(counterBits: 32 | 64 = 32) {
    this.#counterBits = counterBits;
  }

  record(stage: Stage, group: string, valueMs: number, count: number): void {
    recordIn(this.cell(stage, group), valueMs, count);
  }

  cell(stage: Stage, group: string): StageCounts {
    const key = `${stage}\n${group}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { histogram: newHistogram(this.#counterBits), skewed: 0 };
      this.#cells.set(key, cell);
    }
    return cell;
  }

  put(stage: Stage, group: string, counts: StageCounts): void {
    this.#cells.set(`${stage}\n${group}`, counts);
  }

  *entries(): Generator<{ stage: Stage; group: string; counts: StageCounts }> {
    for (const [key, counts] of this.#cells) {
      const [stage, group] = key.split("\n") as [Stage, string];
      yield { stage, group, counts };
    }
  }
}

export interface LatencySummary {
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  max: number;
  count: number;
  skewed: number;
}

export function summarise({ histogram, skewed }: StageCounts): LatencySummary {
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile);
  const count = histogram.totalCount;
  return { p50: at(50), p90: at(90), p95: at(95), p99: at(99), max: count > 0 ? histogram.maxValue : 0, count, skewed };
}

/** What a person is told of a stage besides (S3-29). Times in ms. */
export interface LatencyFigures extends LatencySummary {
  /** 0 without a record, as the quantiles. */
  min: number;
  avg: number;
  /** Records that took longer than the threshold, and their share of all. */
  slow: number;
  slowRatio: number;
}

/** The same figures as those of the SQL view analytics.latency: both read the buckets' highest values. */
export function figuresOf(counts: StageCounts, slowMs: number): LatencyFigures {
  let [min, sumMs, slow] = [Number.POSITIVE_INFINITY, 0, 0];
  eachValue(counts.histogram, (valueMs, count) => {
    min = Math.min(min, valueMs);
    sumMs += valueMs * count;
    if (valueMs > slowMs) slow += count;
  });
  const summary = summarise(counts);
  const { count } = summary;
  if (count === 0) return { ...summary, min: 0, avg: 0, slow: 0, slowRatio: 0 };
  return { ...summary, min, avg: Math.round((sumMs / count) * 1_000) / 1_000, slow, slowRatio: slow / count };
}
