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

const FIELDS_SHOWN = 8;

/** Lines for people: fields that nothing reads, and columns that stayed empty. */
export function fieldLines({ fields, counts }: Pick<RunReport, "fields" | "counts">): string[] {
  const lines: string[] = [];
  if (counts.unknownFields > 0) lines.push(`unknown fields: ${counts.unknownFields} values that no column reads`);
  for (const { table, documents, unmatchedColumns, unknownFields } of fields) {
    const names = Object.keys(unknownFields);
    // Where every field is read, the table is wider than these documents, and nothing is wrong.
    if (names.length === 0) continue;
    lines.push(`  ${table} does not read: ${shorten(names)} (of ${documents} documents looked at)`);
    if (unmatchedColumns.length > 0) {
      lines.push(`  ${table}: in none of ${documents} documents was a field for ${shorten(unmatchedColumns)}`);
    }
  }
  return lines;
}

function shorten(names: string[]): string {
  const shown = names.slice(0, FIELDS_SHOWN).join(", ");
  return names.length > FIELDS_SHOWN ? `${shown} and ${names.length - FIELDS_SHOWN} more` : shown;
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
