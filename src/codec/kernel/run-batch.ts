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
import { type OffsetRange, runBatch as runReferenceBatch } from "../reference/run-batches.ts";
import { runRecord } from "../reference/run-record.ts";
import type { TaskRun } from "../reference/task-run.ts";
import type { TaskBatch } from "../task-buffers.ts";
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
import type { Kernel } from "./kernel-exports.ts";
import type { KernelPlan } from "./write-plan.ts";

/** What a batch is run with. */
export interface BatchRun {
  kernel: Kernel;
  kernelPlan: KernelPlan;
  /** Takes the records that the kernel leaves over. */
  run: TaskRun;
  inflaters: Inflaters;
  cursor: RecordCursor;
}

/** Runs the records of one batch that are in the range, and returns how many of its records the kernel declined. */
export function runBatch(batchRun: BatchRun, range: OffsetRange, { bytes: batch, receivedMs }: TaskBatch): number {
  const { kernel, kernelPlan, run } = batchRun;
  run.context.record.receivedMs = receivedMs;
  let header: BatchHeader;
  let records: Place | undefined;
  try {
    header = readBatchHeader(batch, 0, batch.length);
    if (header.isControl || header.lastOffset < range.firstOffset || header.baseOffset > range.lastOffset) return 0;
    records = placeRecords(batchRun, header, batch);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return runOnReference(batchRun, range, batch);
  }
  if (records === undefined || !isExact(header)) return runOnReference(batchRun, range, batch);
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
    range.firstOffset,
    range.lastOffset,
  );
  const lastReadOffset = kernel.exports.lastReadOffset();
  const declined = takeLeftOver(batchRun);
  if (ended === BATCH_COMPLETE) return declined;
  // What comes after the last good record is the reference's to judge, or the whole batch when it found no memory.
  const firstOffset = ended === BATCH_CORRUPT ? Math.max(range.firstOffset, lastReadOffset + 1) : range.firstOffset;
  return declined + runOnReference(batchRun, { firstOffset, lastOffset: range.lastOffset }, batch);
}

/** No Kafka time or offset comes near. */
const EXACT_MAX = 2 ** 52;

/**
 * True when sums of the header's times and offsets and the records' deltas are whole numbers to the reference too, which
 * computes in doubles: a header that lies may name any 64-bit number.
 */
function isExact({ baseOffset, baseTimestampMs, maxTimestampMs }: BatchHeader): boolean {
  return Math.max(Math.abs(baseOffset), Math.abs(baseTimestampMs), Math.abs(maxTimestampMs)) <= EXACT_MAX;
}

interface Place {
  start: number;
  end: number;
}

/**
 * Puts the batch's records into the kernel's memory, inflated; undefined when the kernel refuses them or has no room.
 *
 * @throws CodecError when gzip or zstd cannot be inflated.
 */
function placeRecords({ kernel, inflaters }: BatchRun, header: BatchHeader, batch: Uint8Array): Place | undefined {
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

function placeBytes(kernel: Kernel, bytes: Uint8Array): Place | undefined {
  const start = kernel.exports.placeInput(kernel.exports.inputRegion.value, bytes.length);
  if (start === 0) return undefined;
  kernel.bytes.set(bytes, start);
  return { start, end: start + bytes.length };
}

/** Gives a batch to the reference, and returns how many records it had. */
function runOnReference({ run, cursor, inflaters }: BatchRun, range: OffsetRange, batch: Uint8Array): number {
  const before = run.rows.rowCount + run.deadLetters.rowCount;
  runReferenceBatch(run, range, cursor, inflaters, batch);
  return run.rows.rowCount + run.deadLetters.rowCount - before;
}

/** Gives the records without a row to the reference; returns how many the kernel declined rather than rejected. */
function takeLeftOver({ kernel, run }: BatchRun): number {
  const { exports } = kernel;
  const region = exports.leftOverRegion.value;
  if (kernel.regionLength(region) === 0) return 0;
  const { view, bytes } = kernel;
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
