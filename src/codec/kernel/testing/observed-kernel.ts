import type { TablePlan } from "../../../schema/plan.ts";
import type { Inflaters } from "../../inflate/inflate.ts";
import type { Transcoder } from "../../task.ts";
import { SLACK_BYTES } from "../assembly/layout.ts";
import {
  COLUMN_BYTES,
  COLUMN_CHUNK_COERCIONS,
  COLUMN_COERCIONS,
  PLAN_BYTES,
  PLAN_PARTITION,
  PLAN_STREAMS,
  PLAN_TOPIC_START,
} from "../assembly/layout-plan.ts";
import { LEFT_OVER_BYTES, LEFT_OVER_OFFSET, LEFT_OVER_OUTCOME, LEFT_OVER_PLACE } from "../assembly/layout-result.ts";
import { Kernel, type KernelExports } from "../kernel-exports.ts";
import { createTranscoderOn } from "../transcoder.ts";
import type { Randomness } from "./randomness.ts";

/** A record that the kernel left to the reference: assembly/layout.ts says what `outcome` is. */
export interface LeftOver {
  partition: number;
  offset: number;
  outcome: number;
  /** Index of the column or of the rule, where one is to blame. */
  place: number;
}

interface Span {
  start: number;
  end: number;
  what: string;
}

/** What a reader that has gone astray would like to find after its input. */
const baits = ['"}', "0", "9", '":1,"', "\\", "  ", "]}}", "\u0080", "\u00ff", "\u0000", '","', "e5"];

/**
 * A transcoder on a kernel that is watched: records left over are listed, memory after the input is full of bait before
 * each batch, and `check` looks after what no task may change.
 */
export class ObservedKernel {
  readonly transcoder: Transcoder;
  /** Of the tasks since it was emptied last. */
  leftOver: LeftOver[] = [];
  readonly #exports: KernelExports;
  readonly #random: Randomness;
  readonly #regions: { region: number; what: string }[] = [];
  /** The plan's words, texts and constants: everything that was allocated for it but what tasks write. */
  readonly #constants: Span[] = [];
  readonly #planWords: Uint8Array[];
  #allocations = 0;
  #planStart = 0;
  /** The kernel has written into a batch's records: nobody has business there but to read. */
  hasWrittenInput = false;

  constructor(module: WebAssembly.Module, plan: TablePlan, inflaters: Inflaters, random: Randomness) {
    this.#random = random;
    const kernel = new Kernel(module);
    this.#exports = kernel.exports;
    const own = kernel as { exports: KernelExports };
    own.exports = this.#watch(kernel.exports);
    this.transcoder = createTranscoderOn(kernel, plan, inflaters);
    this.#planWords = this.#constants.map((span) => this.#bytes(span).slice());
    const { rowsRegion, offsetsRegion, startsRegion, leftOverRegion, inputRegion, inflatedRegion } = kernel.exports;
    for (const [what, { value }] of Object.entries({
      rowsRegion,
      offsetsRegion,
      startsRegion,
      leftOverRegion,
      inputRegion,
      inflatedRegion,
    })) {
      this.#regions.push({ region: value, what });
    }
  }

  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** What is broken, in words; "" if nothing is. Costs some microseconds. */
  check(): string {
    const memory = new DataView(this.#exports.memory.buffer);
    const spans = [...this.#constants];
    for (const { region, what } of this.#regions) {
      const [base, cursor, end] = [0, 4, 8].map((word) => memory.getUint32(region + word, true)) as [
        number,
        number,
        number,
      ];
      if (base > cursor || cursor > end || end + SLACK_BYTES > memory.byteLength) {
        return `${what} ${region}: base ${base}, cursor ${cursor}, end ${end} of ${memory.byteLength}`;
      }
      spans.push({ start: base, end: end + SLACK_BYTES, what });
    }
    spans.sort((left, right) => left.start - right.start);
    for (const [index, span] of spans.entries()) {
      const next = spans[index + 1];
      if (next !== undefined && next.start < span.end) return `${span.what} reaches into ${next.what} at ${next.start}`;
    }
    for (const [index, span] of this.#constants.entries()) {
      if (Buffer.compare(this.#bytes(span), this.#planWords[index]!) !== 0) return `${span.what} has changed`;
    }
    return "";
  }

  #bytes({ start, end }: Span): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, start, end - start);
  }

  #watch(exports: KernelExports): KernelExports {
    const watched: KernelExports = {
      ...exports,
      allocate: (bytes) => {
        const start = exports.allocate(bytes);
        if (start !== 0) this.#noteConstant(start, bytes);
        return start;
      },
      createRegion: (bytes) => {
        const region = exports.createRegion(bytes);
        this.#regions.push({ region, what: "stream" });
        return region;
      },
      createDictionary: (stream, keyWidth, hasNull) => {
        const dictionary = exports.createDictionary(stream, keyWidth, hasNull);
        this.#regions.push({ region: exports.dictionaryKeys(dictionary), what: "dictionary" });
        return dictionary;
      },
      placeInput: (region, bytes) => {
        const place = exports.placeInput(region, bytes);
        if (place !== 0) this.#bait(place + bytes, SLACK_BYTES);
        return place;
      },
      inflate: (start, end, isSnappy) => {
        const region = exports.inflatedRegion.value;
        const place = exports.placeInput(region, 4_096);
        if (place !== 0) this.#bait(place, 4_096);
        return exports.inflate(start, end, isSnappy);
      },
      runBatch: (...batch) => {
        const records = { start: batch[0], end: batch[1], what: "records" };
        const before = this.#bytes(records).slice();
        const ended = exports.runBatch(...batch);
        if (Buffer.compare(this.#bytes(records), before) !== 0) this.hasWrittenInput = true;
        this.#takeLeftOver();
        return ended;
      },
    };
    return watched;
  }

  /** The order is write-plan.ts's: first the plan, then its columns; tasks write some of the words of both. */
  #noteConstant(start: number, bytes: number): void {
    const index = this.#allocations++;
    const note = (from: number, to: number) =>
      this.#constants.push({ start: start + from, end: start + to, what: `allocation ${index}` });
    if (index === 0) {
      if (bytes !== PLAN_BYTES) throw new Error(`The plan has ${bytes} bytes`);
      this.#planStart = start;
      note(0, PLAN_TOPIC_START);
      note(PLAN_STREAMS, PLAN_BYTES);
    } else if (index === 1) {
      for (let column = 0; column < bytes; column += COLUMN_BYTES) {
        note(column, column + COLUMN_COERCIONS);
        note(column + COLUMN_CHUNK_COERCIONS + 4, column + COLUMN_BYTES);
      }
    } else {
      note(0, bytes);
    }
  }

  #bait(start: number, length: number): void {
    const bytes = new Uint8Array(this.#exports.memory.buffer);
    const bait = baits[this.#random.below(baits.length)]!;
    for (let index = 0; index < length; index++) bytes[start + index] = bait.charCodeAt(index % bait.length);
  }

  #takeLeftOver(): void {
    const region = this.#exports.leftOverRegion.value;
    const memory = new DataView(this.#exports.memory.buffer);
    const end = this.#exports.regionCursor(region);
    const partition = Number(memory.getBigInt64(this.#planStart + PLAN_PARTITION, true));
    for (let at = this.#exports.regionBase(region); at < end; at += LEFT_OVER_BYTES) {
      this.leftOver.push({
        partition,
        offset: memory.getFloat64(at + LEFT_OVER_OFFSET, true),
        outcome: memory.getUint32(at + LEFT_OVER_OUTCOME, true),
        place: memory.getUint32(at + LEFT_OVER_PLACE, true),
      });
    }
  }
}
