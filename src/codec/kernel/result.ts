import type { ByteWriter } from "../../core/byte-writer.ts";
import { latenessBands } from "../../core/lateness.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { TaskRun } from "../reference/task-run.ts";
import type { EncodedRows, TranscodeResult } from "../task.ts";
import * as layout from "./assembly/layout-plan.ts";
import type { Kernel } from "./kernel-exports.ts";
import { readLatencyGroups } from "./latency-counts.ts";
import { mergeRows } from "./merge-rows.ts";
import { assembleBlock } from "./native-block.ts";
import type { KernelPlan } from "./write-plan.ts";

type Collected = Omit<TranscodeResult, "input" | "spare" | "startedMs" | "endedMs">;

/**
 * Puts the rows that the reference has written between those of the kernel, or all into one block; undefined when memory
 * is at its bound. `rows` has the kernel's rows; without it they are columns, and their block lies in `spare` when it fits.
 * In a block the reference's rows come last: it is inserted whole or not at all, so no token knows the order of its rows,
 * and to place them each value of each column would have to move.
 */
export function collectResult(
  kernel: Kernel,
  kernelPlan: KernelPlan,
  plan: TablePlan,
  run: TaskRun,
  rows: ByteWriter | undefined,
  spare: ArrayBuffer | undefined,
): Collected | undefined {
  const added = run.rows.finish(plan.format);
  const deadLetters = run.deadLetters.finish(plan.deadLetters.format);
  const encoded =
    rows === undefined
      ? collectBlock(kernel, kernelPlan, plan, added, spare)
      : collectRows(kernel, plan.format, added, rows);
  if (encoded === undefined) return undefined;
  addCounts(kernel, kernelPlan, plan, run);
  const latency = [...readLatencyGroups(kernel), ...run.latency.finish()];
  return {
    rows: encoded,
    deadLetters,
    recordCount: encoded.rowCount + deadLetters.rowCount,
    latency,
    counts: run.counts,
  };
}

function collectRows(kernel: Kernel, format: TablePlan["format"], added: EncodedRows, rows: ByteWriter): EncodedRows {
  const startBytes = kernel.regionBytes(kernel.exports.startsRegion.value);
  const starts = new Uint32Array(startBytes.length / 4 + 1);
  new Uint8Array(starts.buffer).set(startBytes);
  starts[starts.length - 1] = rows.offset;
  const merged = mergeRows(rows, starts, ownOffsets(kernel), added);
  return { format, bytes: rows.bytes.subarray(0, rows.offset), rowCount: merged.offsets.length, ...merged };
}

function collectBlock(
  kernel: Kernel,
  { nodes }: KernelPlan,
  plan: TablePlan,
  added: EncodedRows,
  spare: ArrayBuffer | undefined,
): EncodedRows | undefined {
  const { exports } = kernel;
  if (added.rowCount > 0) {
    const place = exports.placeInput(exports.inflatedRegion.value, added.bytes.length);
    if (place === 0) return undefined;
    kernel.bytes.set(added.bytes, place);
    if (exports.adoptRows(place, added.rowCount) === 0) return undefined;
  }
  const own = ownOffsets(kernel);
  const offsets = new Float64Array(own.length + added.rowCount);
  offsets.set(own);
  offsets.set(added.offsets, own.length);
  const bytes = assembleBlock(kernel, plan.columns, nodes, offsets.length, spare);
  return { format: "Native", bytes, rowCount: offsets.length, rowStarts: new Uint32Array(0), offsets };
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
