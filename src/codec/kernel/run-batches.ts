import type { ByteWriter } from "../../core/byte-writer.ts";
import {
  BATCH_HEADER_BYTES,
  COMPRESSION_GZIP,
  COMPRESSION_LZ4,
  COMPRESSION_NONE,
  COMPRESSION_SNAPPY,
  COMPRESSION_ZSTD,
} from "../../core/record-batch-header.ts";
import { CodecError } from "../codec-error.ts";
import { type Inflaters, inflate } from "../inflate/inflate.ts";
import type { RecordCursor } from "../records.ts";
import { type BatchHeader, readBatchHeader } from "../records-header.ts";
import { setRecordTime } from "../reference/current-record.ts";
import { runBatch as runReferenceBatch } from "../reference/run-batches.ts";
import { runRecord, type TaskRun } from "../reference/task-run.ts";
import type { TranscodeTask } from "../task.ts";
import { batchesOf } from "../task-buffers.ts";
import { DECLINED } from "./assembly/layout.ts";
import * as layout from "./assembly/layout-plan.ts";
import {
  BATCH_COMPLETE,
  BATCH_CORRUPT,
  LEFT_OVER_BYTES,
  LEFT_OVER_KEY_END,
  LEFT_OVER_KEY_START,
  LEFT_OVER_OFFSET,
  LEFT_OVER_OUTCOME,
  LEFT_OVER_TIMESTAMP,
  LEFT_OVER_VALUE_END,
  LEFT_OVER_VALUE_START,
} from "./assembly/layout-result.ts";
import { type Kernel, TOPIC_BYTES_MAX } from "./kernel-exports.ts";
import type { KernelPlan } from "./write-plan.ts";

/** Everything that the batches of one task are run with. */
export interface BatchRun {
  kernel: Kernel;
  kernelPlan: KernelPlan;
  /** Takes the records that the kernel leaves over. */
  run: TaskRun;
  task: TranscodeTask;
  inflaters: Inflaters;
  cursor: RecordCursor;
  /** Takes the rows; undefined: Native, whose columns stay in the kernel until the end of the task. */
  rows: ByteWriter | undefined;
}

const ROWS_KEPT_BYTES_MAX = 256 * 1024;

const encoder = new TextEncoder();

/** Runs all batches of a task; undefined when the task is none for the kernel. */
export function runBatches(batchRun: BatchRun): { declined: number } | undefined {
  const { kernel, task, run, rows } = batchRun;
  const topic = encoder.encode(task.topic);
  if (topic.length > TOPIC_BYTES_MAX) return undefined;
  writeTaskFacts(batchRun, topic);
  kernel.exports.beginTask(rows === undefined ? 1 : 0);
  const total = { declined: 0 };
  for (const [index, batch] of batchesOf(task).entries()) {
    const { receivedMs } = task.batches[index]!;
    run.context.record.receivedMs = receivedMs;
    total.declined += runBatch(batchRun, batch, receivedMs);
    if (rows !== undefined) takeRows(kernel, rows, ROWS_KEPT_BYTES_MAX);
  }
  if (rows !== undefined) takeRows(kernel, rows, 0);
  return total;
}

/**
 * Moves the kernel's rows to the task's when there are more than `keptBytesMax` of them: batch after batch, while they
 * are still in the processor's cache.
 */
function takeRows(kernel: Kernel, rows: ByteWriter, keptBytesMax: number): void {
  const bytes = kernel.regionBytes(kernel.exports.rowsRegion.value);
  if (bytes.length <= keptBytesMax) return;
  rows.reserve(bytes.length);
  rows.bytes.set(bytes, rows.offset);
  rows.offset += bytes.length;
  kernel.exports.forgetRows();
}

function writeTaskFacts({ kernel, kernelPlan: { address }, run, task }: BatchRun, topic: Uint8Array): void {
  const start = kernel.topicPlace;
  kernel.bytes.set(topic, start);
  const { view } = kernel;
  view.setUint32(address + layout.PLAN_TOPIC_START, start, true);
  view.setUint32(address + layout.PLAN_TOPIC_END, start + topic.length, true);
  view.setBigInt64(address + layout.PLAN_PARTITION, BigInt(task.partition), true);
  view.setBigInt64(address + layout.PLAN_STARTED_MS, BigInt(Math.floor(run.startedMs)), true);
  view.setBigInt64(address + layout.PLAN_JUDGED_MS, BigInt(run.judgedMs), true);
}

/** Runs one batch, and returns how many of its records the kernel declined. */
function runBatch(batchRun: BatchRun, batch: Uint8Array, receivedMs: number): number {
  const { kernel, kernelPlan, task } = batchRun;
  let header: BatchHeader;
  let records: Range | undefined;
  try {
    header = readBatchHeader(batch, 0, batch.length);
    if (header.isControl || header.lastOffset < task.firstOffset || header.baseOffset > task.lastOffset) return 0;
    records = placeRecords(batchRun, header, batch);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return runOnReference(batchRun, task, batch);
  }
  if (records === undefined || !isExact(header)) return runOnReference(batchRun, task, batch);
  const received = BigInt(Math.floor(receivedMs));
  kernel.view.setBigInt64(kernelPlan.address + layout.PLAN_RECEIVED_MS, received, true);
  const ended = kernel.exports.runBatch(
    records.start,
    records.end,
    header.recordCount,
    header.baseOffset,
    header.lastOffset,
    header.baseTimestampMs,
    header.maxTimestampMs,
    header.isLogAppendTime ? 1 : 0,
    task.firstOffset,
    task.lastOffset,
  );
  const lastReadOffset = kernel.exports.lastReadOffset();
  const declined = takeLeftOver(batchRun);
  if (ended === BATCH_COMPLETE) return declined;
  // What comes after the last good record is the reference's to judge, or the whole batch when it found no memory.
  const firstOffset = ended === BATCH_CORRUPT ? Math.max(task.firstOffset, lastReadOffset + 1) : task.firstOffset;
  return declined + runOnReference(batchRun, { ...task, firstOffset }, batch);
}

/** No Kafka time or offset comes near. */
const EXACT_MAX = 2 ** 52;

/**
 * True when sums of the header's times and offsets and the records' deltas are whole numbers to the reference too, which
 * computes in doubles: a header that lies may name any 64-bit number.
 */
function isExact({ baseOffset, baseTimestampMs, maxTimestampMs }: BatchHeader): boolean {
  return [baseOffset, baseTimestampMs, maxTimestampMs].every((value) => Math.abs(value) <= EXACT_MAX);
}

interface Range {
  start: number;
  end: number;
}

/**
 * Puts the batch's records into the kernel's memory, inflated; undefined when the kernel refuses them or has no room.
 *
 * @throws CodecError when gzip or zstd cannot be inflated.
 */
function placeRecords({ kernel, inflaters }: BatchRun, header: BatchHeader, batch: Uint8Array): Range | undefined {
  const { exports } = kernel;
  const packed = batch.subarray(BATCH_HEADER_BYTES);
  switch (header.compression) {
    case COMPRESSION_NONE:
      return placeBytes(kernel, packed);
    case COMPRESSION_SNAPPY:
    case COMPRESSION_LZ4: {
      const place = placeBytes(kernel, packed);
      if (place === undefined) return undefined;
      if (exports.inflate(place.start, place.end, header.compression === COMPRESSION_SNAPPY ? 1 : 0) === 0)
        return undefined;
      const region = exports.inflatedRegion.value;
      return { start: exports.regionBase(region), end: exports.regionCursor(region) };
    }
    case COMPRESSION_GZIP:
    case COMPRESSION_ZSTD:
      return placeBytes(kernel, inflate(header.compression, packed, inflaters));
    default:
      return undefined;
  }
}

function placeBytes(kernel: Kernel, bytes: Uint8Array): Range | undefined {
  const start = kernel.exports.placeInput(kernel.exports.inputRegion.value, bytes.length);
  if (start === 0) return undefined;
  kernel.bytes.set(bytes, start);
  return { start, end: start + bytes.length };
}

/** Gives a batch to the reference, and returns how many records it had. */
function runOnReference({ run, cursor, inflaters }: BatchRun, task: TranscodeTask, batch: Uint8Array): number {
  const before = run.rows.rowCount + run.deadLetters.rowCount;
  runReferenceBatch(run, task, cursor, inflaters, batch);
  return run.rows.rowCount + run.deadLetters.rowCount - before;
}

/** Gives the records without a row to the reference; returns how many the kernel declined rather than rejected. */
function takeLeftOver({ kernel, run }: BatchRun): number {
  const { exports, view, bytes } = kernel;
  const region = exports.leftOverRegion.value;
  const end = exports.regionCursor(region);
  const { record } = run.context;
  const places: number[] = [];
  for (let at = exports.regionBase(region); at < end; at += LEFT_OVER_BYTES) places.push(at);
  // Of a chunk of columns what fails in a column is left over after what fails before: dead letters are to rise by
  // offset.
  const offsetAt = (at: number) => view.getFloat64(at + LEFT_OVER_OFFSET, true);
  places.sort((left, right) => offsetAt(left) - offsetAt(right));
  let declined = 0;
  for (const at of places) {
    const word = (place: number) => view.getUint32(at + place, true);
    if (word(LEFT_OVER_OUTCOME) === DECLINED) declined++;
    record.offset = offsetAt(at);
    setRecordTime(record, view.getFloat64(at + LEFT_OVER_TIMESTAMP, true), run.judgedMs);
    record.key = bytesAt(bytes, word(LEFT_OVER_KEY_START), word(LEFT_OVER_KEY_END));
    record.value = bytesAt(bytes, word(LEFT_OVER_VALUE_START), word(LEFT_OVER_VALUE_END));
    runRecord(run);
  }
  return declined;
}

function bytesAt(memory: Uint8Array, start: number, end: number): Uint8Array | null {
  return start === 0 ? null : memory.subarray(start, end);
}
