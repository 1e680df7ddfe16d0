import { SLACK_BYTES } from "../assembly/layout.ts";
import { compileAssembly } from "./compile-assembly.ts";

const PAGE_BYTES = 65_536;

/**
 * A compiled part of the kernel, and a place for input that ends 64 bytes before its memory does: a read further behind
 * than the contract allows traps. The bytes there are what a reader gone astray likes best: the rest of an input that was
 * cut off, else zeros, ones or noise in turn. (Once a region has grown, memory goes on there and nothing traps.)
 */
export class KernelMemory {
  readonly exports: WebAssembly.Exports;
  readonly #memory: WebAssembly.Memory;
  #inputEnd = 0;
  #noise = 0;

  static async create(...files: string[]): Promise<KernelMemory> {
    return new KernelMemory(await compileAssembly(...files, "memory.ts"));
  }

  private constructor(wasm: WebAssembly.Exports) {
    this.exports = wasm;
    this.#memory = wasm.memory as WebAssembly.Memory;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#memory.buffer);
  }

  allocate(byteLength: number): number {
    return (this.exports.allocate as (bytes: number) => number)(byteLength);
  }

  /** Takes all that is left of memory for input, at least `byteLength`. */
  allocateInput(byteLength: number): void {
    const start = this.allocate(0);
    const end = Math.ceil((start + byteLength + 3 * SLACK_BYTES) / PAGE_BYTES) * PAGE_BYTES;
    this.allocate(end - start - 2 * SLACK_BYTES);
    this.#inputEnd = end - SLACK_BYTES;
    if (this.bytes.length !== end) throw new Error(`memory ends at ${this.bytes.length}, planned was ${end}`);
  }

  /** Puts `input` before the end of the place for it, and after it what follows it in its buffer. */
  place(input: Uint8Array): { start: number; end: number } {
    const start = this.#inputEnd - input.length;
    this.bytes.set(input, start);
    const noise = [0, 0xff, 1, this.#noise][this.#noise % 4]!;
    this.#noise++;
    this.bytes.fill(noise, this.#inputEnd, this.#inputEnd + SLACK_BYTES);
    const followed = input.byteOffset + input.length;
    const follows = Math.min(SLACK_BYTES, input.buffer.byteLength - followed);
    this.bytes.set(new Uint8Array(input.buffer, followed, follows), this.#inputEnd);
    return { start, end: this.#inputEnd };
  }
}
