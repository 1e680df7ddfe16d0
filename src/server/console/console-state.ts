import type { Run } from "../../run/run.ts";
import { type Stage, stages } from "../../telemetry/stages.ts";
import type { Phase, Reason } from "../readiness.ts";
import type { Figures } from "./figures.ts";
import { type Health, healthOf } from "./health.ts";
import { type History, type HistoryPoint, NOW_SLOTS } from "./history.ts";
import { heatBoundsMs, quantileMs } from "./latency-window.ts";
import { type Limit, whatLimits } from "./what-limits.ts";

/** A page shows no more. */
const PARTITIONS_MAX = 50;

/** Metrics that the page shows as they are, by their names in the catalogue. */
const shownMetrics = [
  "millrace_stored_rows_total",
  "millrace_dead_letters_total",
  "millrace_byte_budget_used_bytes",
  "millrace_byte_budget_limit_bytes",
  "millrace_intake_paused",
  "millrace_intake_pauses_total",
  "millrace_bundles_under_way",
  "millrace_assigned_partitions",
  "millrace_inserts_total",
  "millrace_insert_rows_total",
  "millrace_insert_bytes_total",
  "millrace_insert_errors_total",
  "millrace_insert_repeats_total",
  "millrace_rebalances_total",
  "millrace_lost_offsets_total",
  "millrace_unread_places",
  "millrace_late_rows_total",
  "millrace_reconciliation_checks_total",
  "millrace_reconciliation_missing_records",
  "millrace_reconciliation_duplicate_rows",
  "millrace_reconciliation_age_seconds",
  "millrace_workers",
  "process_resident_memory_bytes",
] as const;

export interface StageNow {
  stage: Stage;
  /** Records since the start. */
  count: number;
  /** Of the last ten seconds, and of the last quarter of an hour; null: nothing passed. */
  now: Quantiles | null;
  window: Quantiles | null;
}

interface Quantiles {
  p50: number;
  p95: number;
  p99: number;
}

interface PartitionNow {
  topic: string;
  /** "all" where there are too many to tell them apart. */
  partition: string;
  lag: number;
  oldestSeconds: number | null;
}

/** What an open page is told every two seconds. */
export interface ConsoleState {
  atMs: number;
  version: string;
  health: Health;
  run: RunState | null;
}

export interface RunState {
  startedAtMs: number;
  profile: Record<string, string | number>;
  guarantee: string | null;
  group: string;
  topics: string[];
  tables: string[];
  limit: Limit;
  figures: Record<string, number>;
  produced: number | null;
  stages: StageNow[];
  partitions: PartitionNow[];
  partitionCount: number;
  heatBoundsMs: readonly number[];
  /** What "how late" means here: from the event's time, where a pipeline knows it, else from the record's. */
  mainStage: "e2e" | "pipeline";
  point: HistoryPoint | null;
}

export interface StateFacts {
  atMs: number;
  version: string;
  phase: Phase;
  reasons: readonly Reason[];
  run: Run | undefined;
  figures: Figures;
  history: History;
}

export function consoleState({ atMs, version, phase, reasons, run, figures, history }: StateFacts): ConsoleState {
  const health = healthOf({
    ...{ phase, reasons, pipelines: run?.plans.length ?? 0 },
    oldestSeconds: knownOf(figures.max("millrace_oldest_unread_age_seconds")),
    pipelineP95Ms: quantileMs(history.counts("pipeline", NOW_SLOTS), 0.95) ?? undefined,
  });
  return { atMs, version, health, run: run === undefined ? null : runState(run, figures, history, atMs) };
}

function runState(run: Run, figures: Figures, history: History, atMs: number): RunState {
  const { options, pipeline, plans, topics } = run;
  const { name, workers, insertsMax, flushRows, flushIntervalMs } = options.profile;
  const { transcoder, insertFormat, vcpus } = options;
  const partitions = partitionsOf(figures);
  return {
    startedAtMs: Math.round(atMs - (performance.now() - run.startedMs)),
    profile: { name, vcpus, workers, insertsMax, flushRows, flushIntervalMs, insertFormat, transcoder },
    guarantee: run.guarantee() ?? null,
    group: options.groupId,
    topics: topics.slice(0, PARTITIONS_MAX),
    tables: [...new Set(plans.map(({ table }) => table))],
    limit: whatLimits({
      inserts: (history.mean("insertSecondsPerSecond") ?? 0) / insertsMax,
      workers: history.mean("workersShare") ?? 0,
      mainThread: history.mean("mainThreadShare"),
      paused: history.mean("pausedShare") ?? 0,
    }),
    figures: figures.series(shownMetrics),
    produced: run.simulator?.produced() ?? null,
    stages: stages.map((stage) => ({
      stage,
      count: pipeline.total.cell(stage, "").histogram.totalCount,
      now: quantilesOf(history.counts(stage, NOW_SLOTS)),
      window: quantilesOf(history.counts(stage)),
    })),
    partitions: partitions.slice(0, PARTITIONS_MAX),
    partitionCount: partitions.length,
    heatBoundsMs,
    mainStage: plans.some(({ eventTimeColumn }) => eventTimeColumn !== undefined) ? "e2e" : "pipeline",
    point: history.latest() ?? null,
  };
}

function quantilesOf(counts: ArrayLike<number>): Quantiles | null {
  const at = (share: number) => {
    const ms = quantileMs(counts, share);
    return ms === null ? null : Math.round(ms);
  };
  const [p50, p95, p99] = [at(0.5), at(0.95), at(0.99)];
  return p50 === null || p95 === null || p99 === null ? null : { p50, p95, p99 };
}

/** The greatest lag first. */
function partitionsOf(figures: Figures): PartitionNow[] {
  const ages = new Map(
    figures
      .samples("millrace_oldest_unread_age_seconds")
      .map(([value, topic, partition]) => [`${topic}\n${partition}`, value]),
  );
  return figures
    .samples("millrace_lag_records")
    .map(([lag, topic = "", partition = ""]) => ({
      ...{ topic, partition, lag },
      oldestSeconds: ages.get(`${topic}\n${partition}`) ?? null,
    }))
    .sort((a, b) => b.lag - a.lag || a.topic.localeCompare(b.topic) || Number(a.partition) - Number(b.partition));
}

function knownOf(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
