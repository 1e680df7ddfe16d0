import type { InsertFormat, TranscoderName } from "../core/transcoding.ts";
import type { FieldFigures } from "../ingest/pipeline/field-watch.ts";
import type { LeftOver } from "../ingest/pipeline/left-over.ts";
import type { StoppedPipeline } from "../ingest/pipeline/stopped-plans.ts";
import type { Accounting } from "../operate/reconcile/accounting.ts";
import type { Counts, ReportedCounts } from "../telemetry/counter-rows.ts";
import type { ProcessUsage } from "../telemetry/process-usage.ts";
import type { ReconciliationFigures } from "../telemetry/reconciliation.ts";
import { type LatencySummary, type Stage, type StageTable, stages, summarise } from "../telemetry/stages.ts";

/** The end report of `millrace start`. Times in ms, memory in MiB. */
export interface RunReport {
  profile: string;
  vcpus: number;
  runtime: string;
  transcoder: TranscoderName;
  insertFormat: InsertFormat;
  durationMs: number;
  /** Events that the broker acknowledged to the simulator, in the topics that this run reads; null without simulator. */
  produced: number | null;
  /** Rows of this run's offsets in the target tables, and in the dead letters. */
  stored: number;
  dead: number;
  /** Offsets of this run without a row, and rows beyond one per offset; null when no table's rows can be counted. */
  missing: number | null;
  duplicate: number | null;
  /** What cannot be counted, and why: tables that keep fewer rows than they are given, by design. One sentence each. */
  uncountable: string[];
  /** Records in Kafka that this run did not take: it was stopped before the end. Null: Kafka did not say. */
  backlog: number | null;
  /** What this run took and could not finish in the time to stop. */
  left: LeftOver;
  /** Pipelines that were stopped by an error of their own, and still are; their records are in `backlog`. */
  stopped: StoppedPipeline[];
  /** What the comparisons during the run have found. */
  reconciliation: ReconciliationFigures;
  /** The same comparison over everything that Kafka still has, earlier runs included. */
  totals: Accounting | null;
  deadByType: Counts["deadByType"];
  /** By table: columns that found no field, and fields that nothing reads, in the documents that were looked at. */
  fields: FieldFigures[];
  /** What each means: src/telemetry/counter-rows.ts. */
  counts: ReportedCounts;
  timeToFirstRowMs: number | null;
  latencyMs: Record<Stage, LatencySummary>;
  cpuSeconds: Record<string, number>;
  rssMiBMax: Record<string, number>;
  peakBudgetBytes: number;
  /** Share of time, 0 to 1, in which the main thread was busy while there was work; null where it is not measured. */
  eventLoopUtilisation: number | null;
}

export function latencyOf(table: StageTable): Record<Stage, LatencySummary> {
  return Object.fromEntries(stages.map((stage) => [stage, summarise(table.cell(stage, ""))])) as Record<
    Stage,
    LatencySummary
  >;
}

export function usageByProcess(usages: Map<string, ProcessUsage>): Pick<RunReport, "cpuSeconds" | "rssMiBMax"> {
  const cpuSeconds: Record<string, number> = {};
  const rssMiBMax: Record<string, number> = {};
  for (const [name, usage] of usages) {
    cpuSeconds[name] = Math.round(usage.cpuSeconds * 100) / 100;
    rssMiBMax[name] = usage.rssMiBMax;
  }
  return { cpuSeconds, rssMiBMax };
}
