import { nodeInflaters } from "../../../../workers/inflaters.ts";
import type { TablePlan } from "../../../schema/plan.ts";
import { createRowsToNative } from "../../native/rows-to-native.ts";
import { compilePlan } from "../../reference/compile-plan.ts";
import { createReferenceTranscoder } from "../../reference/transcoder.ts";
import type { EncodedRows, TranscodeResult, Transcoder, TranscodeTask } from "../../task.ts";
import { STARTED_MS } from "../../testing/task.ts";
import * as layout from "../assembly/layout.ts";
import { compareResults, sectionsOf } from "./compare-results.ts";
import { compareSections } from "./compare-sections.ts";
import { countRepeats } from "./count-repeats.ts";
import { ObservedKernel } from "./observed-kernel.ts";
import type { Randomness } from "./randomness.ts";

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
      this.#checkOutcomes(task, result, wanted) ||
      (kernel.hasWrittenInput ? "the kernel has written into its input" : "");
    if (found !== "") throw new Finding(found, this.plan, task);
    this.#count(task, wanted, result);
    return result;
  }

  /** @throws Finding when a task's sections, each a task of its own, do not make the same rows and dead letters. */
  checkSections(task: TranscodeTask): void {
    for (const transcoder of [this.kernel.transcoder, this.#reference]) {
      const found = compareSections(transcoder, { ...task, format: "rows" }, () => STARTED_MS);
      if (found !== "") throw new Finding(found, this.plan, task);
    }
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
  #checkOutcomes(task: TranscodeTask, result: TranscodeResult, wanted: TranscodeResult): string {
    if (this.kernel.leftOver.length === 0) return "";
    const types = typesByPlace(task, wanted);
    const rows = new Set(placesOf(task, wanted.rows));
    for (const { partition, offset, outcome, place } of this.kernel.leftOver) {
      const found = types.get(`${partition}:${offset}`);
      if (outcome === layout.DECLINED) {
        if (rows.has(`${partition}:${offset}`)) this.#counts.declinedRows++;
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
    const repeats = countRepeats(task, this.#knownKeys);
    this.#counts.countedTwice++;
    return found > least && found <= least + repeats
      ? ""
      : `unknownFields ${found}, by the reference ${least}, with ${repeats} repeats`;
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

/** The partition and the offset of each row. PRECONDITION: no two sections are of one partition number. */
function placesOf({ sections }: TranscodeTask, rows: EncodedRows): string[] {
  return sectionsOf(rows).map((section, index) => `${sections[section]!.partition}:${rows.offsets[index]}`);
}

/** The error types of the dead letters, which is the first column of their table (src/codec/testing/plan.ts). */
function typesByPlace(task: TranscodeTask, { deadLetters }: TranscodeResult): Map<string, string[]> {
  const types = new Map<string, string[]>();
  for (const [index, place] of placesOf(task, deadLetters).entries()) {
    const start = deadLetters.rowStarts[index]!;
    const type = Buffer.from(deadLetters.bytes.subarray(start + 1, start + 1 + deadLetters.bytes[start]!)).toString();
    types.set(place, [...(types.get(place) ?? []), type]);
  }
  return types;
}
