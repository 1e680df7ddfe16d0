import type { TablePlan } from "../../schema/plan.ts";
import type { Inflaters } from "../inflate/inflate.ts";
import { createRowsToNative } from "../native/rows-to-native.ts";
import { RecordCursor } from "../records.ts";
import type { Transcoder, TranscodeTask } from "../task.ts";
import { batchesLength, outputBuffer, unusedSpare } from "../task-buffers.ts";
import { type CompiledPlan, compilePlan } from "./compile-plan.ts";
import { RowContext } from "./row-context.ts";
import { RowTable } from "./row-table.ts";
import { runBatches } from "./run-batches.ts";
import { startRun } from "./task-run.ts";

/** The output's first capacity: the last task's bytes out per byte in, and a little more. */
const CAPACITY_MARGIN = 1.1;
const CAPACITY_BYTES_MAX = 64 * 1024 * 1024;
const CAPACITY_ROWS_MAX = 1 << 20;

/**
 * The reference transcoder: JSON.parse or msgpackr, rules, column writers. It defines what every document means.
 *
 * @throws MillraceError E_PLAN when the plan contradicts itself. `run` throws for no record and no batch.
 */
export function createReferenceTranscoder(plan: TablePlan, inflaters: Inflaters): Transcoder {
  return referenceOf(compilePlan(plan), inflaters);
}

/** The same of a plan that is compiled already. */
export function referenceOf(compiled: CompiledPlan, inflaters: Inflaters): Transcoder {
  const { plan } = compiled;
  const context = new RowContext();
  const cursor = new RecordCursor();
  // A DEFAULT that the server is to fill in for one cell has no place in a column.
  const toNative = plan.format === "RowBinary" ? createRowsToNative(plan.columns) : undefined;
  let growth = 1;
  return {
    run(task, nowMs) {
      const inputBytes = batchesLength(task);
      const isNative = task.format === "native" && toNative !== undefined;
      const capacityBytes = Math.min(CAPACITY_BYTES_MAX, Math.ceil(inputBytes * growth * CAPACITY_MARGIN));
      const buffer = isNative ? undefined : outputBuffer(task.spare, capacityBytes);
      const table = new RowTable(task.sections.length, capacityBytes, capacityRowsOf(task), buffer);
      const run = startRun(compiled, context, task, nowMs(), table);
      runBatches(run, task, cursor, inflaters);
      const binary = run.rows.finish(plan.format);
      const deadLetters = run.deadLetters.finish(plan.deadLetters.format);
      if (inputBytes > 0) growth = binary.bytes.length / inputBytes;
      const rows = isNative ? toNative(binary, task.spare) : binary;
      return {
        buffers: task.buffers,
        spare: unusedSpare(task, rows),
        rows,
        deadLetters,
        recordCount: rows.rowCount + deadLetters.rowCount,
        startedMs: run.startedMs,
        endedMs: nowMs(),
        latency: run.latency.finish(),
        counts: run.counts,
      };
    },
  };
}

/** As many rows as there are offsets: only a first guess, tables grow. */
function capacityRowsOf({ sections }: TranscodeTask): number {
  const offsetCount = sections.reduce((sum, { firstOffset, lastOffset }) => sum + lastOffset - firstOffset + 1, 0);
  return Math.max(0, Math.min(CAPACITY_ROWS_MAX, offsetCount));
}
