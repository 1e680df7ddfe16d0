import type { ByteWriter } from "../../core/byte-writer.ts";
import type { PlanColumn, TablePlan } from "../../schema/plan.ts";
import { type Cell, compileCell, typeDefaultBytes, writeBytes, writeCell } from "./cell.ts";
import { recordId } from "./current-record.ts";
import { compilePath, type Document, readPath } from "./path.ts";
import type { RowContext } from "./row-context.ts";

/** A message may quote the sender's data; this much of it helps, more does not. */
const MESSAGE_CHARACTERS_MAX = 1_000;

export interface DeadLetter {
  errorType: string;
  errorMessage: string;
  /** The decoded document, when it could be decoded. */
  document: Document | undefined;
  /** The event time in ms, when it could be read. */
  eventMs: number | undefined;
}

export type WriteDeadLetter = (out: ByteWriter, letter: DeadLetter, context: RowContext) => void;

const service = compilePath("service");
const eventId = compilePath("event_id");
const requestId = compilePath("request_id");

/**
 * Compiles the dead-letter row: the envelope of S0-42. A dead letter never fails: a value that its column does not take
 * (a column that someone made narrower) gives way to the type's default.
 */
export function compileDeadLetter(plan: TablePlan): WriteDeadLetter {
  const cells = plan.deadLetters.columns.map((column) => ({
    cell: compileCell(envelopeColumn(column), plan.deadLetters.format),
    fallback: typeDefaultBytes(column.type),
  }));
  return (out, letter, context) => {
    const envelope = makeEnvelope(plan.pipeline, letter, context);
    // The envelope is not the record's text: numbers must not be looked up there.
    context.decoded.jsonText = undefined;
    for (const { cell, fallback } of cells) writeOrDefault(out, cell, fallback, envelope, context);
  };
}

/** The envelope's own times are ms and its values plain, whatever the topic's documents look like. */
function envelopeColumn(column: PlanColumn): PlanColumn {
  return { ...column, timeFormat: "epoch_ms", coercion: "lenient" };
}

function writeOrDefault(
  out: ByteWriter,
  cell: Cell,
  fallback: Uint8Array,
  envelope: Document,
  context: RowContext,
): void {
  const start = out.offset;
  try {
    writeCell(cell, out, envelope, context);
  } catch {
    out.offset = start;
    writeBytes(out, fallback);
  }
}

function makeEnvelope(pipeline: string, letter: DeadLetter, context: RowContext): Document {
  const { record } = context;
  return {
    error_type: letter.errorType,
    error_message: letter.errorMessage.slice(0, MESSAGE_CHARACTERS_MAX),
    service: readText(letter.document, service),
    event_id: readText(letter.document, eventId) ?? recordId(record),
    request_id: readText(letter.document, requestId),
    source_topic: record.topic,
    source_partition: record.partition,
    source_offset: record.offset,
    source_key: record.key,
    created_ts: letter.eventMs,
    raw_json: record.value,
    ingest_ts: record.timestampMs,
    processed_ts: record.processedMs,
    pipeline,
    topic: record.topic,
    kafka_partition: record.partition,
    kafka_offset: record.offset,
  };
}

/** Text or a number as text; anything else is no id. */
function readText(document: Document | undefined, path: ReturnType<typeof compilePath>): string | undefined {
  const value = document === undefined ? undefined : readPath(document, path);
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}
