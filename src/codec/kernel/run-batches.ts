import type { ByteWriter } from "../../core/byte-writer.ts";
import { beginSection, endSection } from "../reference/task-run.ts";
import type { TaskSection, TranscodeTask } from "../task.ts";
import { batchesBySection } from "../task-buffers.ts";
import * as layout from "./assembly/layout-plan.ts";
import { type Kernel, TOPIC_BYTES_MAX } from "./kernel-exports.ts";
import { type BatchRun, runBatch } from "./run-batch.ts";

/** Everything that the batches of one task are run with. */
export interface TaskBatchRun extends BatchRun {
  task: TranscodeTask;
  /** Takes the rows; undefined: Native, whose columns stay in the kernel until the end of the task. */
  rows: ByteWriter | undefined;
}

export interface RanBatches {
  /** Records that the kernel declined. */
  declined: number;
  /** How many rows of each section are the kernel's own. */
  sectionRows: Uint32Array;
}

const ROWS_KEPT_BYTES_MAX = 256 * 1024;

const encoder = new TextEncoder();

/** Runs all batches of a task; undefined when the task is none for the kernel, or its memory is at its bound. */
export function runBatches(batchRun: TaskBatchRun): RanBatches | undefined {
  const { kernel, task, run, rows } = batchRun;
  const sectionRows = new Uint32Array(task.sections.length);
  writeTaskFacts(batchRun);
  kernel.exports.beginTask(rows === undefined ? 1 : 0);
  let declined = 0;
  let ownRows = 0;
  let topic: string | undefined;
  for (const [index, { section, batches }] of batchesBySection(task).entries()) {
    beginSection(run, index, section);
    if (section.topic !== topic && !writeTopic(batchRun, section)) return undefined;
    topic = section.topic;
    writePartition(batchRun, section);
    const before = { rowCount: run.rows.rowCount, byteCount: run.rows.out.offset };
    for (const batch of batches) {
      declined += runBatch(batchRun, section, batch);
      if (rows !== undefined) takeRows(kernel, rows, ROWS_KEPT_BYTES_MAX);
    }
    if (rows === undefined && !adoptRows(batchRun, before)) return undefined;
    endSection(run);
    sectionRows[index] = ownRowCount(kernel) - ownRows;
    ownRows += sectionRows[index]!;
  }
  if (rows !== undefined) takeRows(kernel, rows, 0);
  return { declined, sectionRows };
}

function ownRowCount(kernel: Kernel): number {
  return kernel.regionLength(kernel.exports.offsetsRegion.value) / 8;
}

/**
 * Moves the kernel's rows to the task's when there are more than `keptBytesMax` of them: batch after batch, while they
 * are still in the processor's cache.
 */
function takeRows(kernel: Kernel, rows: ByteWriter, keptBytesMax: number): void {
  const region = kernel.exports.rowsRegion.value;
  if (kernel.regionLength(region) <= keptBytesMax) return;
  const bytes = kernel.regionBytes(region);
  rows.reserve(bytes.length);
  rows.bytes.set(bytes, rows.offset);
  rows.offset += bytes.length;
  kernel.exports.forgetRows();
}

/**
 * Takes the rows that the reference has written since `before` into the kernel's columns, after the kernel's own of the
 * section; false when memory is at its bound.
 */
function adoptRows({ kernel, run }: BatchRun, before: { rowCount: number; byteCount: number }): boolean {
  const { rowCount, out } = run.rows;
  if (rowCount === before.rowCount) return true;
  const bytes = out.bytes.subarray(before.byteCount, out.offset);
  const place = kernel.exports.placeInput(kernel.exports.inflatedRegion.value, bytes.length);
  if (place === 0) return false;
  kernel.bytes.set(bytes, place);
  return kernel.exports.adoptRows(place, rowCount - before.rowCount) !== 0;
}

function writeTaskFacts({ kernel: { view }, kernelPlan: { address }, run }: BatchRun): void {
  view.setBigInt64(address + layout.PLAN_STARTED_MS, BigInt(Math.floor(run.startedMs)), true);
  view.setBigInt64(address + layout.PLAN_JUDGED_MS, BigInt(run.judgedMs), true);
}

/** False when it is too long to be a topic of Kafka's. */
function writeTopic({ kernel, kernelPlan: { address } }: BatchRun, section: TaskSection): boolean {
  const topic = encoder.encode(section.topic);
  if (topic.length > TOPIC_BYTES_MAX) return false;
  const start = kernel.topicPlace;
  kernel.bytes.set(topic, start);
  const { view } = kernel;
  view.setUint32(address + layout.PLAN_TOPIC_START, start, true);
  view.setUint32(address + layout.PLAN_TOPIC_END, start + topic.length, true);
  return true;
}

function writePartition({ kernel: { view }, kernelPlan: { address } }: BatchRun, { partition }: TaskSection): void {
  view.setBigInt64(address + layout.PLAN_PARTITION, BigInt(partition), true);
}
