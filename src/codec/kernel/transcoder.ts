import { ByteWriter } from "../../core/byte-writer.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { Inflaters } from "../inflate/inflate.ts";
import { RecordCursor } from "../records.ts";
import { compilePlan } from "../reference/compile-plan.ts";
import { RowContext } from "../reference/row-context.ts";
import { RowTable } from "../reference/row-table.ts";
import { startRun } from "../reference/task-run.ts";
import { createReferenceTranscoder, referenceOf } from "../reference/transcoder.ts";
import type { TranscodeResult, Transcoder, TranscodeTask } from "../task.ts";
import { batchesLength, outputBuffer, unusedSpare } from "../task-buffers.ts";
import { Kernel } from "./kernel-exports.ts";
import { collectResult } from "./result.ts";
import { runBatches } from "./run-batches.ts";
import { isPlanSupported, writePlan } from "./write-plan.ts";

/** The rows' first capacity: the last task's bytes out per byte in, and a little more. */
const CAPACITY_MARGIN = 1.1;

/**
 * The kernel as a transcoder: WebAssembly walks the records and writes the rows; what it declines or rejects goes to
 * the reference, record by record, which decides and writes the dead letter.
 *
 * Tasks with refused rows (the second pass of a bisected insert) and plans that the kernel does not support run on the
 * reference alone. `module` is the compiled kernel.wasm.
 *
 * @throws MillraceError E_PLAN when the plan contradicts itself. `run` throws for no record and no batch.
 */
export function createKernelTranscoder(plan: TablePlan, inflaters: Inflaters, module: WebAssembly.Module): Transcoder {
  if (!isPlanSupported(plan)) return allDeclined(createReferenceTranscoder(plan, inflaters));
  return createTranscoderOn(new Kernel(module), plan, inflaters);
}

/** The same on a kernel of the caller's own, which no other plan uses. PRECONDITION: `isPlanSupported`. */
export function createTranscoderOn(kernel: Kernel, plan: TablePlan, inflaters: Inflaters): Transcoder {
  const compiled = compilePlan(plan);
  const kernelPlan = writePlan(kernel, plan);
  // Whole tasks are hardly ever the reference's: its encoder of Native is made when one comes.
  let reference: Transcoder | undefined;
  const wholeTasks = () => (reference ??= referenceOf(compiled, inflaters));
  const context = new RowContext();
  const cursor = new RecordCursor();
  let growth = 1;
  return {
    run(task, nowMs) {
      // The kernel has declined nothing of these: they were rows on the first pass.
      if (task.refused.length > 0) return wholeTasks().run(task, nowMs);
      // The reference has few rows to add, mostly none.
      const run = startRun(compiled, context, task, nowMs(), new RowTable(task.sections.length));
      const isNative = task.format === "native" && plan.format === "RowBinary";
      const capacityBytes = Math.ceil(batchesLength(task) * growth * CAPACITY_MARGIN);
      const rows = isNative ? undefined : new ByteWriter(capacityBytes, outputBuffer(task.spare, capacityBytes));
      const ran = runBatches({ kernel, kernelPlan, run, task, inflaters, cursor, rows });
      // The kernel's memory is at its bound: the task is still whole, and small enough for the reference.
      if (ran === undefined) return runOnReference(wholeTasks(), task, nowMs);
      const result = collectResult({ kernel, kernelPlan, plan, run, rows, spare: task.spare }, ran.sectionRows);
      result.counts.declined = ran.declined;
      if (rows !== undefined) growth = rows.offset / Math.max(1, batchesLength(task));
      const spare = unusedSpare(task, result.rows);
      return { buffers: task.buffers, spare, ...result, startedMs: run.startedMs, endedMs: nowMs() };
    },
  };
}

function allDeclined(reference: Transcoder): Transcoder {
  return { run: (task, nowMs) => runOnReference(reference, task, nowMs) };
}

function runOnReference(reference: Transcoder, task: TranscodeTask, nowMs: () => number): TranscodeResult {
  const result = reference.run(task, nowMs);
  result.counts.declined = result.recordCount;
  return result;
}
