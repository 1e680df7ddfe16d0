import { Randomness } from "../../codec/kernel/testing/randomness.ts";
import { emptyCounts, Finding, type FuzzCounts, TranscoderPair } from "../../codec/kernel/testing/transcoder-pair.ts";
import type { EncodedRows, TranscodeResult } from "../../codec/task.ts";
import { makeBatch } from "../../codec/testing/record-batch.ts";
import { makeTask, RECORD_MS } from "../../codec/testing/task.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { readVarUInt } from "./var-uint.ts";

/** What kernel and reference, which agree, make of a record. */
export type OwnVerdict = { row: Uint8Array } | { errorType: string; message: string };

/** A document that the kernel and the reference make different things of. */
export interface Disagreement {
  index: number;
  message: string;
}

export type OwnVerdicts = { verdicts: OwnVerdict[] } | { disagreement: Disagreement };

/** Both transcoders of a plan, asked about whole lists of documents. */
export class OwnReaders {
  readonly #plan: TablePlan;
  readonly #module: WebAssembly.Module;
  readonly counts: FuzzCounts;
  #pair: TranscoderPair;

  constructor(module: WebAssembly.Module, plan: TablePlan, counts: FuzzCounts = emptyCounts()) {
    this.#module = module;
    this.#plan = plan;
    this.counts = counts;
    this.#pair = new TranscoderPair(module, plan, new Randomness(1), counts);
  }

  /** Runs the documents on both, as rows and as columns. A list that makes a difference is cut down to the document. */
  read(values: (Uint8Array | null)[]): OwnVerdicts {
    try {
      return { verdicts: this.#run(values) };
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      // What went wrong may have left anything behind: the next question goes to a new pair.
      this.#pair = new TranscoderPair(this.#module, this.#plan, new Randomness(1), this.counts);
      return { disagreement: this.#blame(values, error.message) };
    }
  }

  #run(values: (Uint8Array | null)[]): OwnVerdict[] {
    const batch = makeBatch(
      values.map((value) => ({ value })),
      { baseTimestampMs: RECORD_MS },
    );
    const result = this.#pair.run(makeTask([batch], { format: "rows" }));
    this.#pair.run(makeTask([batch], { format: "native" }));
    return readVerdicts(result, values.length);
  }

  /** The first document that differs by itself; else the list does, and its first document stands for it. */
  #blame(values: (Uint8Array | null)[], message: string): Disagreement {
    for (const [index, value] of values.entries()) {
      try {
        this.#run([value]);
      } catch (error) {
        if (error instanceof Finding) return { index, message: error.message };
        throw error;
      }
    }
    return { index: 0, message: `${message} (in a list of ${values.length} documents, with none of them alone)` };
  }
}

/** The verdicts on records of the offsets from 0 to `count` − 1. PRECONDITION: the result's format is RowBinary. */
export function readVerdicts({ rows, deadLetters }: TranscodeResult, count: number): OwnVerdict[] {
  const verdicts: OwnVerdict[] = new Array(count);
  for (const [index, row] of slices(rows)) verdicts[index] = { row: row.slice() };
  for (const [index, deadLetter] of slices(deadLetters)) {
    const [errorType = "", message = ""] = leadingTexts(deadLetter, 2);
    verdicts[index] = { errorType, message };
  }
  return verdicts;
}

function* slices({ bytes, rowStarts, offsets }: EncodedRows): Generator<[index: number, bytes: Uint8Array]> {
  for (const [place, offset] of offsets.entries()) {
    yield [offset, bytes.subarray(rowStarts[place], rowStarts[place + 1])];
  }
}

/** The texts that a RowBinary row begins with. */
function leadingTexts(row: Uint8Array, count: number): string[] {
  const texts: string[] = [];
  const cursor = { bytes: row, offset: 0 };
  while (texts.length < count) {
    const end = readVarUInt(cursor) + cursor.offset;
    texts.push(new TextDecoder().decode(row.subarray(cursor.offset, end)));
    cursor.offset = end;
  }
  return texts;
}
