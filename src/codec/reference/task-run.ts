import { noLateRows } from "../../core/lateness.ts";
import type { RefusedRow, TaskSection, TranscodeCounts, TranscodeTask } from "../task.ts";
import type { CompiledPlan } from "./compile-plan.ts";
import { LatencyRecorder } from "./latency.ts";
import type { RowContext } from "./row-context.ts";
import { RowTable } from "./row-table.ts";

/** The state of one task. */
export interface TaskRun {
  compiled: CompiledPlan;
  context: RowContext;
  rows: RowTable;
  deadLetters: RowTable;
  latency: LatencyRecorder;
  counts: TranscodeCounts;
  /** By section, then by offset. */
  refusedBySection: Map<number, Map<number, RefusedRow>>;
  /** Those of the section at hand. */
  refused: Map<number, RefusedRow> | undefined;
  startedMs: number;
  judgedMs: number;
}

/** `rows` takes the rows. */
export function startRun(
  compiled: CompiledPlan,
  context: RowContext,
  task: TranscodeTask,
  startedMs: number,
  rows: RowTable,
): TaskRun {
  context.coercions = {};
  context.record.processedMs = startedMs;
  return {
    compiled,
    context,
    rows,
    deadLetters: new RowTable(task.sections.length),
    latency: new LatencyRecorder(),
    counts: {
      deadByType: {},
      coercions: context.coercions,
      unknownFields: 0,
      unwrapped: 0,
      eventTimeFromKafka: 0,
      lateByBand: noLateRows(),
      declined: 0,
    },
    refusedBySection: groupRefused(task.refused),
    refused: undefined,
    startedMs,
    judgedMs: task.judgedMs,
  };
}

function groupRefused(refused: RefusedRow[]): TaskRun["refusedBySection"] {
  const bySection: TaskRun["refusedBySection"] = new Map();
  for (const row of refused) {
    const ofSection = bySection.get(row.section) ?? new Map<number, RefusedRow>();
    bySection.set(row.section, ofSection.set(row.offset, row));
  }
  return bySection;
}

/** What follows are records of the section `index`, until `endSection`. */
export function beginSection(run: TaskRun, index: number, { topic, partition }: TaskSection): void {
  const { record } = run.context;
  record.topic = topic;
  record.partition = partition;
  run.refused = run.refusedBySection.get(index);
}

export function endSection({ rows, deadLetters }: TaskRun): void {
  rows.endSection();
  deadLetters.endSection();
}
