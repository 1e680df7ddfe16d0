import type { ByteWriter } from "../../core/byte-writer.ts";
import { latenessBands } from "../../core/lateness.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { TaskRun } from "../reference/task-run.ts";
import type { EncodedRows, TranscodeResult } from "../task.ts";
import * as layout from "./assembly/layout-plan.ts";
import type { Kernel } from "./kernel-exports.ts";
import { readLatencyGroups } from "./latency-counts.ts";
import { joinOffsets, mergeRows, type RowOffsets } from "./merge-rows.ts";
import { assembleBlock } from "./native-block.ts";
import type { KernelPlan } from "./write-plan.ts";

type Collected = Omit<TranscodeResult, "buffers" | "spare" | "startedMs" | "endedMs">;

/** A task whose batches have run. */
export interface RanTask {
  kernel: Kernel;
  kernelPlan: KernelPlan;
  plan: TablePlan;
  run: TaskRun;
  /** The kernel's rows; undefined: they are columns. */
  rows: ByteWriter | undefined;
  /** The block lies in it when it fits. */
  spare: ArrayBuffer | undefined;
}

/**
 * Puts the rows that the reference has written between those of the kernel, or makes a block of the columns, where they
 * already are. `ownSectionRows` counts the kernel's own rows by section. In a block the reference's rows come last in
 * their section: it is inserted whole or not at all, so no token knows the order of its rows, and to place them each value
 * of each column would have to move.
 */
export function collectResult(ran: RanTask, ownSectionRows: Uint32Array): Collected {
  const { kernel, kernelPlan, plan, run } = ran;
  const added = run.rows.finish(plan.format);
  const deadLetters = run.deadLetters.finish(plan.deadLetters.format);
  const own = { offsets: ownOffsets(kernel), sectionRows: ownSectionRows };
  const rows = ran.rows === undefined ? collectBlock(ran, own, added) : collectRows(ran, ran.rows, own, added);
  addCounts(kernel, kernelPlan, plan, run);
  const latency = [...readLatencyGroups(kernel), ...run.latency.finish()];
  return { rows, deadLetters, recordCount: rows.rowCount + deadLetters.rowCount, latency, counts: run.counts };
}

function collectRows({ kernel, plan }: RanTask, rows: ByteWriter, own: RowOffsets, added: EncodedRows): EncodedRows {
  const startBytes = kernel.regionBytes(kernel.exports.startsRegion.value);
  const starts = new Uint32Array(startBytes.length / 4 + 1);
  new Uint8Array(starts.buffer).set(startBytes);
  starts[starts.length - 1] = rows.offset;
  const merged = mergeRows(rows, { ...own, starts }, added);
  const bytes = rows.bytes.subarray(0, rows.offset);
  return { format: plan.format, bytes, rowCount: merged.offsets.length, ...merged };
}

function collectBlock({ kernel, kernelPlan, plan, spare }: RanTask, own: RowOffsets, added: EncodedRows): EncodedRows {
  const joined = joinOffsets(own, added);
  const rowCount = joined.offsets.length;
  const bytes = assembleBlock(kernel, plan.columns, kernelPlan.nodes, rowCount, spare);
  return { format: "Native", bytes, rowCount, rowStarts: new Uint32Array(0), ...joined };
}

/** Offsets of the kernel's own rows. */
function ownOffsets(kernel: Kernel): Float64Array {
  const bytes = kernel.regionBytes(kernel.exports.offsetsRegion.value);
  const offsets = new Float64Array(bytes.length / 8);
  new Uint8Array(offsets.buffer).set(bytes);
  return offsets;
}

function addCounts(kernel: Kernel, { columns }: KernelPlan, plan: TablePlan, { counts }: TaskRun): void {
  const { exports, view } = kernel;
  counts.unknownFields += exports.countOfUnknownFields();
  counts.eventTimeFromKafka += exports.countOfKafkaTimes();
  const lateRows = exports.latenessCounts();
  for (const [index, { name }] of latenessBands.entries()) {
    counts.lateByBand[name] += view.getUint32(lateRows + 4 * index, true);
  }
  for (const [index, { name }] of plan.columns.entries()) {
    const coercions = view.getUint32(columns + index * layout.COLUMN_BYTES + layout.COLUMN_COERCIONS, true);
    if (coercions > 0) counts.coercions[name] = (counts.coercions[name] ?? 0) + coercions;
  }
}
