import { type Stage, stages } from "../../telemetry/stages.ts";
import { heatOf, quantileMs, windowBoundsMs } from "./latency-window.ts";

/** A sample every two seconds, kept for a quarter of an hour. */
export const SAMPLE_MS = 2_000;
const SLOTS = 450;
/** What "now" means for latencies: so many samples, ten seconds. */
export const NOW_SLOTS = 5;
/** The heat map's columns have as many. */
const COLUMN_SLOTS = 5;

/** What is kept of every sample. A figure that was not known is NaN. */
export const seriesNames = [
  "storedPerSecond",
  "producedPerSecond",
  "deadPerSecond",
  "lagRecords",
  "oldestSeconds",
  "budgetBytes",
  "pausedShare",
  "insertsPerSecond",
  "insertRowsPerSecond",
  "insertSecondsPerSecond",
  "workersShare",
  "mainThreadShare",
  "cpuCores",
  "rssBytes",
] as const;
export type SeriesName = (typeof seriesNames)[number];

/** One sample: figures, and by stage how many records more fell into each bucket of `windowBoundsMs`. */
export interface Slot {
  atMs: number;
  values: Record<SeriesName, number>;
  counts: Readonly<Record<Stage, ArrayLike<number>>>;
}

/**
 * The last quarter of an hour as numbers, in arrays that are made once and written over and over: 3.1 MB, whatever
 * happens and however long the process runs.
 */
export class History {
  readonly #atMs = new Float64Array(SLOTS);
  readonly #values = byName(seriesNames, () => new Float64Array(SLOTS));
  readonly #p95 = byName(stages, () => new Float32Array(SLOTS));
  readonly #counts = byName(stages, () => new Uint32Array(SLOTS * windowBoundsMs.length));
  #taken = 0;

  /** How many samples were ever taken: the number of the next one. */
  get taken(): number {
    return this.#taken;
  }

  push({ atMs, values, counts }: Slot): void {
    const at = this.#taken % SLOTS;
    this.#atMs[at] = atMs;
    for (const name of seriesNames) this.#values[name][at] = values[name];
    for (const stage of stages) this.#counts[stage].set(Array.from(counts[stage]), at * windowBoundsMs.length);
    this.#taken += 1;
    for (const stage of stages) this.#p95[stage][at] = quantileMs(this.counts(stage, NOW_SLOTS), 0.95) ?? Number.NaN;
  }

  /** The records by bucket in the last `slots` samples together. */
  counts(stage: Stage, slots = SLOTS): Float64Array {
    const width = windowBoundsMs.length;
    const sum = new Float64Array(width);
    const all = this.#counts[stage];
    for (let number = this.#first(slots); number < this.#taken; number += 1) {
      const from = (number % SLOTS) * width;
      for (let index = 0; index < width; index += 1) sum[index]! += all[from + index]!;
    }
    return sum;
  }

  /** The mean of a figure over the last `slots` samples in which it was known; undefined: in none. */
  mean(name: SeriesName, slots = NOW_SLOTS): number | undefined {
    let [sum, known] = [0, 0];
    for (let number = this.#first(slots); number < this.#taken; number += 1) {
      const value = this.#values[name][number % SLOTS]!;
      if (Number.isNaN(value)) continue;
      sum += value;
      known += 1;
    }
    return known === 0 ? undefined : sum / known;
  }

  /** The last sample as the page takes it. */
  latest(): HistoryPoint | undefined {
    if (this.#taken === 0) return undefined;
    const at = (this.#taken - 1) % SLOTS;
    return {
      number: this.#taken - 1,
      atMs: this.#atMs[at]!,
      values: byName(seriesNames, (name) => tidy(this.#values[name][at]!)),
      p95: byName(stages, (stage) => tidy(this.#p95[stage][at]!)),
      heat: byName(stages, (stage) => heatOf(this.#slotCounts(stage, this.#taken - 1))),
    };
  }

  /** Everything that is kept, the oldest sample first. Made when a page opens. */
  document(): HistoryDocument {
    const numbers = Array.from({ length: this.#taken - this.#first(SLOTS) }, (_, index) => this.#first(SLOTS) + index);
    const all = (array: ArrayLike<number>) => numbers.map((number) => tidy(array[number % SLOTS]!));
    return {
      sampleMs: SAMPLE_MS,
      columnSlots: COLUMN_SLOTS,
      firstNumber: numbers[0] ?? 0,
      atMs: all(this.#atMs) as number[],
      values: byName(seriesNames, (name) => all(this.#values[name])),
      p95: byName(stages, (stage) => all(this.#p95[stage])),
      heat: byName(stages, (stage) => this.#columns(stage, numbers)),
    };
  }

  #columns(stage: Stage, numbers: readonly number[]): HeatColumn[] {
    const columns = new Map<number, Float64Array>();
    for (const number of numbers) {
      const column = Math.floor(number / COLUMN_SLOTS);
      const sum = columns.get(column) ?? new Float64Array(windowBoundsMs.length);
      columns.set(column, sum);
      const counts = this.#slotCounts(stage, number);
      for (let index = 0; index < counts.length; index += 1) sum[index]! += counts[index]!;
    }
    return [...columns].map(([column, sum]) => ({ column, counts: heatOf(sum) }));
  }

  #slotCounts(stage: Stage, number: number): Uint32Array {
    const width = windowBoundsMs.length;
    const from = (number % SLOTS) * width;
    return this.#counts[stage].subarray(from, from + width);
  }

  #first(slots: number): number {
    return Math.max(0, this.#taken - Math.min(slots, SLOTS));
  }
}

export interface HistoryPoint {
  number: number;
  atMs: number;
  values: Record<SeriesName, number | null>;
  p95: Record<Stage, number | null>;
  heat: Record<Stage, number[]>;
}

interface HeatColumn {
  column: number;
  counts: number[];
}

export interface HistoryDocument {
  sampleMs: number;
  columnSlots: number;
  firstNumber: number;
  atMs: number[];
  values: Record<SeriesName, (number | null)[]>;
  p95: Record<Stage, (number | null)[]>;
  heat: Record<Stage, HeatColumn[]>;
}

/** JSON has no NaN; and nobody reads more than four digits of a chart. */
function tidy(value: number): number | null {
  if (!Number.isFinite(value)) return null;
  return Number.isInteger(value) ? value : Number(value.toPrecision(5));
}

function byName<Name extends string, Value>(names: readonly Name[], make: (name: Name) => Value): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Value>;
}
