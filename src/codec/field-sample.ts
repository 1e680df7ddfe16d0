import { BATCH_HEADER_BYTES } from "../core/record-batch-header.ts";
import type { PlanColumn, TablePlan } from "../schema/plan.ts";
import { CodecError } from "./codec-error.ts";
import { type Inflaters, inflate } from "./inflate/inflate.ts";
import { nextRecord, openRecords, RecordCursor } from "./records.ts";
import { readBatchHeader } from "./records-header.ts";
import { collectKnownKeys } from "./reference/compile-plan.ts";
import { type Decoded, decodeDocument } from "./reference/document.ts";
import { compilePath, type Document, type FieldPath, isDocument, locate } from "./reference/path.ts";
import { sourcesOfRule } from "./reference/rules.ts";
import type { FieldSample, TaskSection, TranscodeTask } from "./task.ts";
import { batchesBySection } from "./task-buffers.ts";

/** Looks at some documents of a task; undefined when it is not this task's turn. Takes nothing from the task. */
export type FieldSampler = (task: TranscodeTask) => FieldSample | undefined;

/**
 * A worker looks at its first documents, and later at a few of one task in many, in plain TypeScript: 1 to 2 ms in all at
 * the beginning, nothing per record. Were it counted in the kernel, every record would pay for it.
 */
const DOCUMENTS_FIRST = 1_000;
const TASKS_PER_SAMPLE = 64;
const DOCUMENTS_LATER = 32;

/** Documents with keys that are data (ids) must not fill the memory. */
const UNKNOWN_NAMES_MAX = 200;
const NAME_LENGTH_MAX = 100;

/**
 * As long as no column has found anything, the first tasks are looked at whole, so that nothing is said to match of whole
 * ranges only, and each later one at its beginning: a range that was let go for it comes again.
 */
export function createFieldSampler(plan: TablePlan, inflaters: Inflaters): FieldSampler {
  const columns = plan.columns.flatMap((column, place) => {
    const paths = pathsOf(plan, column);
    return paths.length === 0 ? [] : [{ place, paths }];
  });
  const knownKeys = collectKnownKeys(plan);
  let tasks = 0;
  let documents = 0;
  let hasMatched = false;

  function look(document: Document, sample: FieldSample): void {
    const keys = Object.keys(document);
    if (keys.length === 0) return;
    documents += 1;
    sample.documents += 1;
    for (const { place, paths } of columns) {
      if (!paths.some((path) => locate(document, path) !== undefined)) continue;
      sample.matched[place]! += 1;
      hasMatched = true;
    }
    for (const key of keys) if (!knownKeys.has(key)) noteUnknown(sample.unknownFields, key, document[key]);
  }

  return (task) => {
    // The second pass over a range: its documents were looked at in the first.
    if (columns.length === 0 || task.refused.length > 0) return undefined;
    tasks += 1;
    const isFirst = documents < DOCUMENTS_FIRST;
    const later = !hasMatched || tasks % TASKS_PER_SAMPLE === 0 ? DOCUMENTS_LATER : 0;
    const wanted = Math.max(DOCUMENTS_FIRST - documents, later);
    if (wanted <= 0) return undefined;
    const sample = { documents: 0, matched: new Uint32Array(plan.columns.length), unknownFields: new Map() };
    for (const document of documentsOf(task, plan.codec, inflaters)) {
      look(document, sample);
      if (sample.documents >= wanted && (hasMatched || !isFirst)) break;
    }
    return sample;
  };
}

/** Where a column's value can come from: its own names, and what rules put there. */
function pathsOf({ rules }: TablePlan, { source }: PlanColumn): FieldPath[] {
  if (source.kind === "record") return [];
  const names = new Set(source.names);
  // A set takes in what is added to it while it is walked: rules that read what rules have set.
  for (const name of names) for (const rule of rules) for (const from of sourcesOfRule(rule, name)) names.add(from);
  return [...names].map((name) => compilePath(name));
}

function noteUnknown(unknown: Map<string, number>, key: string, value: unknown): void {
  const names = isDocument(value) ? Object.keys(value).map((member) => `${key}.${member}`) : [key];
  for (const name of names.length === 0 ? [key] : names) {
    if (name.length > NAME_LENGTH_MAX || (unknown.size >= UNKNOWN_NAMES_MAX && !unknown.has(name))) continue;
    unknown.set(name, (unknown.get(name) ?? 0) + 1);
  }
}

/** The documents of a task's ranges. What is none becomes a dead letter elsewhere. */
function* documentsOf(task: TranscodeTask, codec: TablePlan["codec"], inflaters: Inflaters): Generator<Document> {
  for (const { section, batches } of batchesBySection(task)) {
    for (const { bytes } of batches) yield* documentsOfBatch(bytes, section, codec, inflaters);
  }
}

function* documentsOfBatch(
  batch: Uint8Array,
  { firstOffset, lastOffset }: TaskSection,
  codec: TablePlan["codec"],
  inflaters: Inflaters,
): Generator<Document> {
  const cursor = new RecordCursor();
  const decoded: Decoded = { document: {}, jsonText: undefined, isUnwrapped: false, wholeFloats: undefined };
  try {
    const header = readBatchHeader(batch, 0, batch.length);
    if (header.isControl || header.lastOffset < firstOffset || header.baseOffset > lastOffset) return;
    openRecords(cursor, header, inflate(header.compression, batch.subarray(BATCH_HEADER_BYTES), inflaters));
    while (nextRecord(cursor)) {
      const { bytes, recordOffset, valueStart, valueEnd } = cursor;
      if (recordOffset < firstOffset || recordOffset > lastOffset || valueStart < 0) continue;
      if (isDecoded(bytes.subarray(valueStart, valueEnd), codec, decoded)) yield decoded.document;
    }
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
  }
}

/** What is wrong with a value, its dead letter says. */
function isDecoded(value: Uint8Array, codec: TablePlan["codec"], decoded: Decoded): boolean {
  try {
    decodeDocument(value, codec, decoded);
    return true;
  } catch {
    return false;
  }
}
