import { LAST_OFFSET_DELTA_AT } from "../../../core/record-batch-header.ts";
import type { RefusedRow, TranscodeResult, TranscodeTask } from "../../task.ts";
import { packBatches } from "../../task-buffers.ts";
import { RECEIVED_MS, STARTED_MS } from "../../testing/task.ts";
import { drawBatch, drawDamagedDocuments, mutateBatch } from "./batch-generator.ts";
import { sectionsOf } from "./compare-results.ts";
import { DocumentGenerator } from "./document-generator.ts";
import { generatePlan } from "./plan-generator.ts";
import { Randomness } from "./randomness.ts";
import { Finding, type FuzzCounts, TranscoderPair } from "./transcoder-pair.ts";

/** Draws tasks and runs them on both transcoders. */

const BASE_OFFSET = 1_000;
const HOUR_MS = 3_600_000;

/** A task over the batches of its sections; their ranges may begin and end inside of them. */
function drawTask(random: Randomness, parts: Uint8Array[][]): TranscodeTask {
  const batches = parts.flat();
  const partition = random.below(4);
  const { buffers, batches: spans } = packBatches(batches, RECEIVED_MS);
  return {
    planKey: "test@1",
    format: random.oneIn(2) ? "native" : "rows",
    sections: parts.map(({ length }, index) => ({
      topic: random.oneIn(8) ? "名前.topic" : "logs.auth",
      partition: partition + index,
      firstOffset: BASE_OFFSET + (random.oneIn(4) ? random.below(6) : 0),
      lastOffset: BASE_OFFSET + (random.oneIn(4) ? random.below(8) : 63),
      batchCount: length,
    })),
    buffers,
    batches: spans.map((span) => ({ ...span, receivedMs: RECEIVED_MS + random.below(3) })),
    // Both transcoders start at one time: a difference would hide which of the two times a rule looks at.
    judgedMs: STARTED_MS + random.below(2 * HOUR_MS) - HOUR_MS,
    refused: [],
  };
}

/** Cuts batches into sections, some without any. Half of the tasks have one. */
function drawSections(random: Randomness, batches: Uint8Array[]): Uint8Array[][] {
  if (random.oneIn(2)) return [batches];
  const parts: Uint8Array[][] = [];
  let rest = batches;
  while (rest.length > 0) {
    const count = random.below(Math.min(rest.length, 3) + 1);
    parts.push(rest.slice(0, count));
    rest = rest.slice(count);
  }
  return random.oneIn(4) ? [...parts, []] : parts;
}

/** Some of the rows as ones that the server refuses. */
function drawRefused(random: Randomness, { rows }: TranscodeResult): RefusedRow[] {
  const sections = sectionsOf(rows);
  return Array.from(rows.offsets, (offset, index) => ({ section: sections[index]!, offset }))
    .filter(() => random.oneIn(5))
    .map((row) => ({ ...row, errorType: "clickhouse_1", errorMessage: "refused" }));
}

/**
 * Batches of sound and unsound documents, not mutated, in each section back to back in offsets. All sections begin at the
 * same offset.
 */
export function runAgreementPlan(module: WebAssembly.Module, seed: number, tasks: number, counts: FuzzCounts): void {
  const random = new Randomness(seed);
  const plan = generatePlan(random);
  const pair = new TranscoderPair(module, plan, random, counts);
  const documents = new DocumentGenerator(plan, random);
  for (let index = 0; index < tasks; index++) {
    const ends: number[] = [];
    const parts = Array.from({ length: random.oneIn(2) ? 1 : 1 + random.below(5) }, (_, section) => {
      let offset = BASE_OFFSET;
      const batches = Array.from({ length: section === 0 ? 1 + random.below(3) : random.below(3) }, () => {
        const values = Array.from({ length: 1 + random.below(random.oneIn(4) ? 40 : 6) }, () => documents.next());
        const batch = drawBatch(random, values, offset);
        offset += 1 + new DataView(batch.buffer).getInt32(LAST_OFFSET_DELTA_AT);
        return batch;
      });
      ends.push(offset);
      return batches;
    });
    const task = drawTask(random, parts);
    for (const [section, end] of ends.entries()) if (!random.oneIn(4)) task.sections[section]!.lastOffset = end;
    const result = pair.run(task);
    if (parts.length > 1) {
      pair.checkSections(task);
      pair.checkSections({ ...task, refused: drawRefused(random, result) });
    }
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
  const bases = Array.from({ length: BASE_BATCHES }, () =>
    drawBatch(random, values(), BASE_OFFSET + random.below(4), drawCodec(random)),
  );
  const sound = drawTask(random, [[drawBatch(random, documents.slice(0, 4), BASE_OFFSET)]]);
  const first = pair.run(sound);
  for (let index = 0; index < tasks; index++) {
    beat?.(index);
    const batches = Array.from({ length: BATCHES_A_TASK }, () => drawHostile(random, bases, documents));
    const task = drawTask(random, drawSections(random, batches));
    pair.run(task);
    if (index % 8 === 0) pair.checkSections(task);
    const again = pair.kernel.transcoder.run(sound, () => STARTED_MS);
    const isSame =
      Buffer.compare(again.rows.bytes, first.rows.bytes) +
      Buffer.compare(again.deadLetters.bytes, first.deadLetters.bytes);
    if (isSame !== 0 || again.recordCount !== first.recordCount) {
      throw new Finding("a sound task came out otherwise after this one", plan, task);
    }
    if (index % 32 === 0) pair.check(task);
  }
  pair.check(sound);
}

/** Mostly what the kernel itself inflates: a changed bit in gzip or zstd only tests zlib. */
function drawCodec(random: Randomness): number {
  return random.oneIn(8) ? 1 + 3 * random.below(2) : [0, 2, 3][random.below(3)]!;
}

function drawHostile(
  random: Randomness,
  bases: Uint8Array<ArrayBuffer>[],
  documents: (Uint8Array | null)[],
): Uint8Array<ArrayBuffer> {
  if (random.oneIn(3)) return drawDamagedDocuments(random, documents, BASE_OFFSET + random.below(4));
  return mutateBatch(random, bases[random.below(bases.length)]!, bases[random.below(bases.length)]!);
}
