import { ByteWriter } from "../../core/byte-writer.ts";
import { latencyLagMsMax, latenessBandOf } from "../../core/lateness.ts";
import { writeCell } from "./cell.ts";
import { FieldError, rejectField } from "./column.ts";
import { decodeDocument } from "./document.ts";
import type { Document } from "./path.ts";
import type { RowContext } from "./row-context.ts";
import type { TaskRun } from "./task-run.ts";

/** Turns the record in `run.context.record` into exactly one row or one dead letter. Never throws. */
export function runRecord(run: TaskRun): void {
  const { compiled, context, rows } = run;
  const start = rows.out.offset;
  let document: Document | undefined;
  try {
    context.columnLabel = "";
    context.forgetOrigins();
    decodeDocument(context.record.value, compiled.plan.codec, context.decoded);
    document = context.decoded.document;
    if (context.decoded.isUnwrapped) run.counts.unwrapped++;
    for (const key in document) if (!compiled.knownKeys.has(key)) run.counts.unknownFields++;
    for (const applyRule of compiled.rules) applyRule(document, context);
    const refusal = run.refused?.get(context.record.offset);
    if (refusal === undefined) writeRow(run, document, start);
    else addDeadLetter(run, refusal.errorType, refusal.errorMessage, document);
  } catch (error) {
    rows.out.offset = start;
    const { errorType, message } = explain(error, context);
    addDeadLetter(run, errorType, message, document);
  }
}

/** Writes the current record as a dead letter. */
export function addDeadLetter(
  run: TaskRun,
  errorType: string,
  errorMessage: string,
  document: Document | undefined,
): void {
  const { compiled, context, deadLetters, counts } = run;
  const start = deadLetters.out.offset;
  context.coercions = {}; // what is written here is the envelope; the record's own conversions are counted already
  const eventMs = document && readEventTime(run, document);
  compiled.writeDeadLetter(deadLetters.out, { errorType, errorMessage, document, eventMs }, context);
  context.coercions = counts.coercions;
  deadLetters.endRow(start, context.record.offset);
  counts.deadByType[errorType] = (counts.deadByType[errorType] ?? 0) + 1;
}

function writeRow(run: TaskRun, document: Document, start: number): void {
  const { compiled, context, rows, counts } = run;
  const { cells, eventIndex, horizonIndex } = compiled;
  let eventMs = Number.NaN;
  let isKafkaTime = false;
  for (let index = 0; index < cells.length; index++) {
    const origin = writeCell(cells[index]!, rows.out, document, context);
    if (origin === "tableDefault") continue; // its time is the server's secret
    if (index === eventIndex) {
      eventMs = compiled.readEventMs(rows.out.view, context.valueOffset);
      isKafkaTime = origin === "recordTime";
    }
    if (index === horizonIndex) checkHorizon(run, compiled.readHorizonMs(rows.out.view, context.valueOffset));
  }
  const { record } = context;
  rows.endRow(start, record.offset);
  if (isKafkaTime) counts.eventTimeFromKafka++;
  const lagMs = record.timestampMs - eventMs;
  const band = latenessBandOf(lagMs);
  if (band !== undefined) counts.lateByBand[band]++;
  const latentMs = lagMs > latencyLagMsMax ? Number.NaN : eventMs;
  run.latency.add(compiled.readGroup(document), latentMs, record.sentMs, record.receivedMs, run.startedMs);
}

function checkHorizon(run: TaskRun, timeMs: number): void {
  const { backMs, aheadMs } = run.compiled.plan.horizon!;
  const leadMs = timeMs - run.judgedMs;
  // NULL has no time (NaN), and is taken.
  const isOutside = leadMs < -backMs || leadMs > aheadMs;
  if (!isOutside) return;
  const side = leadMs < 0 ? "behind" : "ahead of";
  rejectField(
    "event_time_range",
    `${formatTime(timeMs)} lies ${Math.abs(leadMs)} ms ${side} ${formatTime(run.judgedMs)}, when its range was read; ` +
      `taken are ${backMs} ms behind to ${aheadMs} ms ahead`,
  );
}

/** The event time for the dead letter, written to the side and read back; undefined when it is what is wrong. */
function readEventTime(run: TaskRun, document: Document): number | undefined {
  const { cells, eventIndex, readEventMs } = run.compiled;
  const cell = cells[eventIndex];
  if (cell === undefined || cell.recordField !== undefined) return undefined;
  const scratch = new ByteWriter(64);
  try {
    if (writeCell(cell, scratch, document, run.context) !== "written") return undefined;
    const timeMs = readEventMs(scratch.view, run.context.valueOffset);
    return Number.isNaN(timeMs) ? undefined : timeMs;
  } catch {
    return undefined;
  }
}

/** Names the field and the reason. What is not a FieldError is a fault of ours, and costs one record, not the pipeline. */
function explain(error: unknown, context: RowContext): { errorType: string; message: string } {
  if (error instanceof FieldError) {
    const prefix = context.columnLabel === "" ? "" : `${context.columnLabel}: `;
    return { errorType: error.errorType, message: prefix + error.detail };
  }
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return { errorType: "nesting_too_deep", message: "the document is nested too deeply to be written" };
  }
  return { errorType: "internal_error", message: `${context.columnLabel || "record"}: ${String(error)}` };
}

function formatTime(timeMs: number): string {
  return Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : `${timeMs} ms`;
}
