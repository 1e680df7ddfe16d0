import type { BufferPool } from "../../core/buffer-pool.ts";

/**
 * Bytes of the buffers that batches are collected in. Small, so that little is held for nothing, and all of one size, so
 * that every buffer that comes back fits the next need. The first is smaller still: most pipelines are quiet.
 */
const FIRST_BUFFER_BYTES = 64 * 1024;
const BUFFER_BYTES = 256 * 1024;

/** Where the batches of one bundle are copied to, whatever their partitions: thousand quiet ones share a few buffers. */
export class BatchBuffers {
  readonly #pool: BufferPool;
  #buffers: ArrayBuffer[] = [];
  #last = new Uint8Array(0);
  #lastUsed = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** Copies a batch. One that does not fit after the one before it begins the next buffer. Returns where it lies. */
  copy(bytes: Uint8Array): { buffer: number; start: number } {
    if (this.#buffers.length === 0 || this.#lastUsed + bytes.length > this.#last.length) {
      const least = this.#buffers.length === 0 ? FIRST_BUFFER_BYTES : BUFFER_BYTES;
      const buffer = this.#pool.take(Math.max(bytes.length, least));
      this.#buffers.push(buffer);
      this.#last = new Uint8Array(buffer);
      this.#lastUsed = 0;
    }
    const start = this.#lastUsed;
    this.#last.set(bytes, start);
    this.#lastUsed += bytes.length;
    return { buffer: this.#buffers.length - 1, start };
  }

  /** The buffers, which are the caller's now; what comes next goes into others. */
  take(): ArrayBuffer[] {
    const buffers = this.#buffers;
    this.#buffers = [];
    return buffers;
  }

  /** Gives the buffers back, unread. */
  clear(): void {
    for (const buffer of this.take()) this.#pool.give(buffer);
  }
}
