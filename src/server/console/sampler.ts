import type { Run } from "../../run/run.ts";
import { bucketsOf } from "../../telemetry/stage-buckets.ts";
import { type Stage, stages } from "../../telemetry/stages.ts";
import type { Figures } from "./figures.ts";
import type { SeriesName, Slot } from "./history.ts";
import { windowBoundsMs } from "./latency-window.ts";

/** What only grows, at one moment. */
interface Totals {
  atMs: number;
  stored: number;
  produced: number;
  dead: number;
  inserts: number;
  insertRows: number;
  insertSeconds: number;
  workerSeconds: number;
  mainThreadSeconds: number;
  cpuSeconds: number;
}

/** Makes samples of a run: what is now, and by how much the totals have grown since the sample before. */
export class Sampler {
  readonly #run: Run;
  #before: Totals | undefined;
  readonly #buckets = new Map<Stage, { total: number; below: readonly number[] }>();

  constructor(run: Run) {
    this.#run = run;
  }

  /** @returns undefined at the first call: nothing has grown yet. */
  take(figures: Figures, nowMs: number): Slot | undefined {
    const totals = this.#totals(figures, nowMs);
    const counts = Object.fromEntries(stages.map((stage) => [stage, this.#grown(stage)])) as Slot["counts"];
    const before = this.#before;
    this.#before = totals;
    if (before === undefined) return undefined;
    return { atMs: nowMs, values: this.#values(figures, before, totals), counts };
  }

  #totals(figures: Figures, nowMs: number): Totals {
    return {
      atMs: nowMs,
      stored: figures.counted("millrace_stored_rows_total"),
      produced: this.#run.simulator?.produced() ?? Number.NaN,
      dead: figures.counted("millrace_dead_letters_total"),
      inserts: figures.counted("millrace_inserts_total"),
      insertRows: figures.counted("millrace_insert_rows_total"),
      insertSeconds: figures.counted("millrace_insert_duration_seconds_total"),
      workerSeconds: figures.counted("millrace_worker_busy_seconds_total"),
      mainThreadSeconds: figures.sum("millrace_event_loop_active_seconds_total"),
      cpuSeconds: figures.counted("process_cpu_seconds_total"),
    };
  }

  #values(figures: Figures, before: Totals, now: Totals): Record<SeriesName, number> {
    const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
    const rate = (name: keyof Totals) => (now[name] - before[name]) / seconds;
    return {
      storedPerSecond: rate("stored"),
      producedPerSecond: rate("produced"),
      deadPerSecond: rate("dead"),
      lagRecords: figures.sum("millrace_lag_records"),
      oldestSeconds: figures.max("millrace_oldest_unread_age_seconds"),
      budgetBytes: figures.sum("millrace_byte_budget_used_bytes"),
      pausedShare: figures.sum("millrace_intake_paused"),
      insertsPerSecond: rate("inserts"),
      insertRowsPerSecond: rate("insertRows"),
      insertSecondsPerSecond: rate("insertSeconds"),
      workersShare: rate("workerSeconds") / Math.max(1, figures.sum("millrace_workers")),
      mainThreadShare: rate("mainThreadSeconds"),
      cpuCores: rate("cpuSeconds"),
      rssBytes: figures.sum("process_resident_memory_bytes"),
    };
  }

  /** Records by bucket since the sample before. A stage that no record has passed since is not read again. */
  #grown(stage: Stage): ArrayLike<number> {
    const { histogram } = this.#run.pipeline.total.cell(stage, "");
    const known = this.#buckets.get(stage);
    if (known !== undefined && known.total === histogram.totalCount) return nothing;
    const { counts, count } = bucketsOf(histogram, windowBoundsMs);
    // What is longer than the last bound counts as the last.
    const below = [...counts.slice(0, -1), count];
    this.#buckets.set(stage, { total: count, below });
    if (known === undefined) return nothing;
    return below.map((upTo, index) => {
      const inBucket = upTo - (below[index - 1] ?? 0);
      return inBucket - (known.below[index]! - (known.below[index - 1] ?? 0));
    });
  }
}

const nothing: ArrayLike<number> = new Float64Array(windowBoundsMs.length);
