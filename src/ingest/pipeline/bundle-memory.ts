import type { TranscodeResult } from "../../codec/task.ts";
import { type BufferPool, freeBuffer } from "../../core/buffer-pool.ts";
import type { ByteBudget } from "../dispatch/byte-budget.ts";

/** Bundles of one plan differ: room is asked for this much more than the last one's rows would need. */
const OUTPUT_MARGIN = 1.05;

/** What all bundles share: the byte budget, the pool, and how long rows become. */
export class BundleBuffers {
  readonly budget: ByteBudget;
  readonly pool: BufferPool;
  /** Bytes of rows per byte of input, by plan, in the last bundle. */
  readonly #growth = new Map<string, number>();

  constructor(budget: ByteBudget, pool: BufferPool) {
    this.budget = budget;
    this.pool = pool;
  }

  /** How long the rows of `inputBytes` will be. A guess: it is corrected when they come. */
  outputBytes(planKey: string, inputBytes: number): number {
    return Math.ceil(inputBytes * (this.#growth.get(planKey) ?? 1) * OUTPUT_MARGIN);
  }

  noteGrowth(planKey: string, inputBytes: number, rowsBytes: number): void {
    if (inputBytes > 0 && rowsBytes > 0) this.#growth.set(planKey, rowsBytes / inputBytes);
  }
}

/** The memory of one bundle from cut to acknowledgement. The bundle's input counts in the budget when it is made. */
export class BundleMemory {
  readonly #shared: BundleBuffers;
  readonly #inputBytes: number;
  #outputBytes = 0;
  readonly #spent: ArrayBuffer[] = [];

  constructor(shared: BundleBuffers, inputBytes: number) {
    this.#shared = shared;
    this.#inputBytes = inputBytes;
  }

  /**
   * What the bundle holds beside its input from now on. Told before there are rows, or intake would go on while bundles
   * wait for a worker, and stop only when their rows are more than the budget.
   */
  holdOutput(byteCount: number): void {
    const { budget } = this.#shared;
    budget.take(byteCount);
    // That of an earlier encoding of the bundle is garbage by now.
    budget.give(this.#outputBytes);
    this.#outputBytes = byteCount;
  }

  holdResult({ rows, deadLetters }: TranscodeResult): void {
    this.holdOutput(rows.bytes.byteLength + deadLetters.bytes.byteLength);
  }

  /** Nobody reads this buffer any more: it goes to the pool with the end of the bundle. */
  spend(buffer: ArrayBuffer): void {
    this.#spent.push(buffer);
  }

  /** Nobody reads the result any more. What of it can be used again is spent already. */
  discard({ rows, deadLetters }: TranscodeResult): void {
    for (const { offsets, rowStarts, sectionRows } of [rows, deadLetters]) {
      freeBuffer(offsets.buffer);
      freeBuffer(rowStarts.buffer);
      freeBuffer(sectionRows.buffer);
    }
  }

  /** The bundle is over, well or not. What was not spent is left to the garbage collector. */
  close(): void {
    const { budget, pool } = this.#shared;
    // First: it makes room in the pool.
    budget.give(this.#inputBytes + this.#outputBytes);
    for (const buffer of this.#spent) pool.give(buffer);
  }
}
