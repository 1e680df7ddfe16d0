import { nodeInflaters } from "../../../../workers/inflaters.ts";
import type { TablePlan } from "../../../schema/plan.ts";
import { RECEIVED_MS, STARTED_MS } from "../../fixtures/task.ts";
import { inflate } from "../../inflate/inflate.ts";
import { createRowsToNative } from "../../native/rows-to-native.ts";
import { nextRecord, openRecords, RecordCursor } from "../../records.ts";
import { BATCH_HEADER_BYTES, readBatchHeader } from "../../records-header.ts";
import { compilePlan } from "../../reference/compile-plan.ts";
import { eachMember } from "../../reference/json-scan.ts";
import { createReferenceTranscoder } from "../../reference/transcoder.ts";
import type { TranscodeResult, Transcoder, TranscodeTask } from "../../task.ts";
import * as layout from "../assembly/layout.ts";
import { drawBatch, drawDamagedDocuments, mutateBatch } from "./batch-generator.ts";
import { compareResults } from "./compare-results.ts";
import { DocumentGenerator } from "./document-generator.ts";
import { ObservedKernel } from "./observed-kernel.ts";
import { generatePlan } from "./plan-generator.ts";
import { Randomness } from "./randomness.ts";

/** Runs tasks on both transcoders and compares all that comes out. */

export interface FuzzCounts {
  batches: number;
  records: number;
  rows: number;
  /** Records that the kernel left over, and those of them that it declined. */
  leftOver: number;
  declined: number;
  /** Declined records that the reference made rows of. */
  declinedRows: number;
  /** What the kernel declined by the kind of the column at which it did, as far as there was one. */
  declinedAt: Record<string, number>;
  unwrapped: number;
  deadByType: Record<string, number>;
  /** Tasks in which fields that nobody reads were counted twice, for want of room in the kernel's key table. */
  countedTwice: number;
  memoryBytesMax: number;
}

export function emptyCounts(): FuzzCounts {
  return {
    batches: 0,
    records: 0,
    rows: 0,
    leftOver: 0,
    declined: 0,
    declinedRows: 0,
    declinedAt: {},
    unwrapped: 0,
    deadByType: {},
    countedTwice: 0,
    memoryBytesMax: 0,
  };
}

/** What a task showed to be wrong. */
export class Finding extends Error {
  readonly task: TranscodeTask;
  readonly plan: TablePlan;

  constructor(message: string, plan: TablePlan, task: TranscodeTask) {
    super(message);
    this.plan = plan;
    this.task = task;
  }
}

/** A lying snappy block may claim 64 MiB, and a region doubles: no row of small tasks may take more than that. */
const MEMORY_BYTES_MAX = 256 * 1024 * 1024;

const nowMs = () => STARTED_MS;

/** Both transcoders of one plan. */
export class TranscoderPair {
  readonly plan: TablePlan;
  readonly kernel: ObservedKernel;
  readonly #reference: Transcoder;
  readonly #toNative: ReturnType<typeof createRowsToNative>;
  readonly #knownKeys: Set<string>;
  readonly #counts: FuzzCounts;

  constructor(module: WebAssembly.Module, plan: TablePlan, random: Randomness, counts: FuzzCounts) {
    this.plan = plan;
    this.kernel = new ObservedKernel(module, plan, nodeInflaters, random);
    this.#reference = createReferenceTranscoder(plan, nodeInflaters);
    this.#toNative = createRowsToNative(plan.columns);
    this.#knownKeys = compilePlan(plan).knownKeys;
    this.#counts = counts;
  }

  /**
   * Runs a task on both, as if it were begun at `startedMs`.
   *
   * @throws Finding when the results differ, the kernel traps, or its memory is not as it should be.
   */
  run(task: TranscodeTask, startedMs = STARTED_MS): TranscodeResult {
    const { kernel } = this;
    const nowMs = () => startedMs;
    kernel.leftOver = [];
    let result: TranscodeResult;
    try {
      result = kernel.transcoder.run(task, nowMs);
    } catch (error) {
      throw new Finding(`the kernel threw ${error}`, this.plan, task);
    }
    const wanted = this.#reference.run({ ...task, format: "rows" }, nowMs);
    const found =
      compareResults(this.plan, result, wanted, this.#toNative) ||
      this.#checkUnknownFields(task, result, wanted) ||
      this.#checkOutcomes(result, wanted) ||
      (kernel.isInputWhole(task.input) ? "" : "the kernel has written into its input");
    if (found !== "") throw new Finding(found, this.plan, task);
    this.#count(task, wanted, result);
    return result;
  }

  /** @throws Finding when the plan's words have changed or regions overlap. */
  check(task: TranscodeTask): void {
    const isTooLarge = this.kernel.memoryBytes > MEMORY_BYTES_MAX;
    const found = isTooLarge ? `the kernel holds ${this.kernel.memoryBytes} bytes` : this.kernel.check();
    if (found !== "") throw new Finding(found, this.plan, task);
  }

  #count(task: TranscodeTask, wanted: TranscodeResult, result: TranscodeResult): void {
    const counts = this.#counts;
    counts.batches += task.batches.length;
    counts.records += wanted.recordCount;
    counts.rows += wanted.rows.rowCount;
    counts.unwrapped += wanted.counts.unwrapped;
    counts.declined += result.counts.declined;
    counts.leftOver += this.kernel.leftOver.length;
    for (const [type, count] of Object.entries(wanted.counts.deadByType)) {
      counts.deadByType[type] = (counts.deadByType[type] ?? 0) + count;
    }
    counts.memoryBytesMax = Math.max(counts.memoryBytesMax, this.kernel.memoryBytes);
  }

  /** A record that the kernel rejected is a dead letter, for the reason that the kernel had. */
  #checkOutcomes(result: TranscodeResult, wanted: TranscodeResult): string {
    if (this.kernel.leftOver.length === 0) return "";
    const types = typesByOffset(wanted);
    const rows = new Set(wanted.rows.offsets);
    for (const { offset, outcome, place } of this.kernel.leftOver) {
      const found = types.get(offset);
      if (outcome === layout.DECLINED) {
        if (rows.has(offset)) this.#counts.declinedRows++;
        const kind = this.plan.columns[place]?.type.kind ?? "none";
        this.#counts.declinedAt[kind] = (this.#counts.declinedAt[kind] ?? 0) + 1;
        continue;
      }
      if (found?.some((type) => isReason(outcome, type, this.plan)) !== true) {
        return `offset ${offset}: the kernel rejects with ${outcome} at ${place}, the reference says ${found ?? "it is a row"}`;
      }
    }
    return result.counts.declined < 0 ? "declined is negative" : "";
  }

  /**
   * The kernel counts a field that nobody reads twice when it comes twice in a document and has no room in the table of
   * keys (512 keys of at most 256 bytes in a worker's life); the reference never does. That is the one difference.
   */
  #checkUnknownFields(task: TranscodeTask, result: TranscodeResult, wanted: TranscodeResult): string {
    const [found, least] = [result.counts.unknownFields, wanted.counts.unknownFields];
    if (found === least) return "";
    const most = countMembers(task, this.#knownKeys);
    this.#counts.countedTwice++;
    return found > least && found <= most
      ? ""
      : `unknownFields ${found}, by the reference ${least}, with repeats ${most}`;
  }
}

const reasons: Record<number, string> = {
  [layout.REJECT_FIELD_TYPE]: "field_type",
  [layout.REJECT_FIELD_RANGE]: "field_range",
  [layout.REJECT_FIELD_FORMAT]: "field_format",
  [layout.REJECT_FIELD_MISSING]: "field_missing",
  [layout.REJECT_EVENT_TIME_RANGE]: "event_time_range",
  [layout.REJECT_NULL_VALUE]: "null_value",
  [layout.REJECT_EMPTY_VALUE]: "empty_value",
  [layout.REJECT_INVALID_UTF8]: "invalid_utf8",
  [layout.REJECT_JSON_PARSE_FAILED]: "json_parse_failed",
  [layout.REJECT_JSON_NOT_OBJECT]: "json_not_object",
};

function isReason(outcome: number, type: string, { rules }: TablePlan): boolean {
  if (outcome !== layout.REJECT_RULE) return reasons[outcome] === type;
  return rules.some((rule) => rule.rule === "require" && rule.errorType === type);
}

/** The error types of the dead letters, which is the first column of their table (src/codec/fixtures/plan.ts). */
function typesByOffset({ dead }: TranscodeResult): Map<number, string[]> {
  const types = new Map<number, string[]>();
  for (let index = 0; index < dead.rowCount; index++) {
    const start = dead.rowStarts[index]!;
    const type = Buffer.from(dead.bytes.subarray(start + 1, start + 1 + dead.bytes[start]!)).toString();
    const offset = dead.offsets[index]!;
    types.set(offset, [...(types.get(offset) ?? []), type]);
  }
  return types;
}

/** Members of all documents that nobody reads, each time that they come. */
function countMembers(task: TranscodeTask, known: Set<string>): number {
  let count = 0;
  let start = 0;
  const cursor = new RecordCursor();
  for (const { byteLength } of task.batches) {
    const batch = new Uint8Array(task.input, start, byteLength);
    start += byteLength;
    try {
      const header = readBatchHeader(batch, 0, batch.length);
      openRecords(cursor, header, inflate(header.compression, batch.subarray(BATCH_HEADER_BYTES), nodeInflaters));
      while (nextRecord(cursor)) count += countOfDocument(cursor, known);
    } catch {} // the rest of the batch has no documents
  }
  return count;
}

function countOfDocument({ bytes, valueStart, valueEnd }: RecordCursor, known: Set<string>): number {
  let count = 0;
  try {
    let text = new TextDecoder().decode(bytes.subarray(Math.max(0, valueStart), valueEnd));
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "string") text = parsed;
    eachMember(text, text.indexOf("{"), (key) => {
      if (!known.has(key)) count++;
    });
  } catch {} // not JSON: it has no members
  return count;
}

const BASE_OFFSET = 1_000;

/** A task over batches; its range may begin and end inside of them. */
export function drawTask(random: Randomness, batches: Uint8Array[], first = BASE_OFFSET): TranscodeTask {
  const input = new Uint8Array(batches.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const batch of batches) {
    input.set(batch, at);
    at += batch.length;
  }
  return {
    planKey: "test@1",
    format: random.oneIn(2) ? "native" : "rows",
    topic: random.oneIn(8) ? "名前.topic" : "logs.auth",
    partition: random.below(4),
    input: input.buffer,
    batches: batches.map(({ length }) => ({ byteLength: length, receivedMs: RECEIVED_MS + random.below(3) })),
    firstOffset: first + (random.oneIn(4) ? random.below(6) : 0),
    lastOffset: first + (random.oneIn(4) ? random.below(8) : 63),
    refused: [],
  };
}

/** Batches of sound and unsound documents, not mutated, back to back in offsets. */
export function runAgreementPlan(module: WebAssembly.Module, seed: number, tasks: number, counts: FuzzCounts): void {
  const random = new Randomness(seed);
  const plan = generatePlan(random);
  const pair = new TranscoderPair(module, plan, random, counts);
  const documents = new DocumentGenerator(plan, random);
  for (let index = 0; index < tasks; index++) {
    let offset = BASE_OFFSET;
    const batches = Array.from({ length: 1 + random.below(3) }, () => {
      const values = Array.from({ length: 1 + random.below(random.oneIn(4) ? 40 : 6) }, () => documents.next());
      const batch = drawBatch(random, values, offset);
      offset += 1 + new DataView(batch.buffer).getInt32(23);
      return batch;
    });
    const task = drawTask(random, batches);
    if (!random.oneIn(4)) task.lastOffset = offset;
    pair.run(task);
    if (index % 16 === 0) pair.check(task);
  }
}

export interface FuzzOptions {
  module: WebAssembly.Module;
  seed: number;
  /** Number of the plan; seed and number say everything that happens. */
  round: number;
  tasks: number;
  counts: FuzzCounts;
  /** Called before each task. */
  beat?: (task: number) => void;
}

const BATCHES_A_TASK = 8;
const BASE_BATCHES = 24;

/**
 * One plan, its batches, and tasks of eight mutated ones each. After each task a sound one has to come out as it did at
 * the beginning; now and then the kernel's memory is looked at.
 */
export function runFuzzRound({ module, seed, round, tasks, counts, beat }: FuzzOptions): void {
  const random = new Randomness(Math.imul(seed, 0x85ebca6b) ^ Math.imul(round + 1, 0xc2b2ae35));
  const plan = generatePlan(random);
  const pair = new TranscoderPair(module, plan, random, counts);
  const generator = new DocumentGenerator(plan, random);
  const documents = Array.from({ length: 60 }, () => generator.next());
  const values = () => Array.from({ length: 1 + random.below(5) }, () => documents[random.below(documents.length)]!);
  const bases = Array.from({ length: BASE_BATCHES }, (_, index) =>
    drawBatch(random, values(), BASE_OFFSET + random.below(4), index % 3 === 0 ? 0 : random.below(5)),
  );
  const sound = drawTask(random, [drawBatch(random, documents.slice(0, 4), BASE_OFFSET)]);
  const first = pair.run(sound);
  for (let index = 0; index < tasks; index++) {
    beat?.(index);
    const batches = Array.from({ length: BATCHES_A_TASK }, () => drawHostile(random, bases, documents));
    const task = drawTask(random, batches);
    pair.run(task);
    const again = pair.kernel.transcoder.run(sound, nowMs);
    const isSame =
      Buffer.compare(again.rows.bytes, first.rows.bytes) + Buffer.compare(again.dead.bytes, first.dead.bytes);
    if (isSame !== 0 || again.recordCount !== first.recordCount) {
      throw new Finding("a sound task came out otherwise after this one", plan, task);
    }
    if (index % 32 === 0) pair.check(task);
  }
  pair.check(sound);
}

function drawHostile(
  random: Randomness,
  bases: Uint8Array<ArrayBuffer>[],
  documents: (Uint8Array | null)[],
): Uint8Array<ArrayBuffer> {
  if (random.oneIn(3)) return drawDamagedDocuments(random, documents, BASE_OFFSET + random.below(4));
  return mutateBatch(random, bases[random.below(bases.length)]!, bases[random.below(bases.length)]!);
}
