/** Smaller buffers are left to the garbage collector: they cost it little, and would crowd out what is worth keeping. */
const POOLED_BYTES_MIN = 64 * 1024;

/** A buffer up to this many times as long as what is asked for will do: memory that is held must be used. */
const FIT_MAX = 2;

/** New buffers are this much longer, so that the next range, a little larger, fits too. Unused pages cost nothing. */
const HEADROOM = 1.125;
const ROUND_BYTES = 64 * 1024;

/**
 * Large buffers between two uses. One range costs megabytes three times (fetch response, task, rows); each of them new
 * would be paged in by the kernel, cleared, collected and unmapped, which took more than half of the main thread's time.
 *
 * Whoever gives a buffer must be its last owner: nothing may read or write it afterwards, on any thread. Forgetting to
 * give is harmless: the garbage collector takes the buffer.
 */
export class BufferPool {
  /** Least recently given first. */
  readonly #free: ArrayBuffer[] = [];
  #freeBytes = 0;
  readonly #freeBytesMax: number;
  readonly #onFreeBytes: (change: number) => void;
  /** Buffers that were asked for, and how many of them the pool had. */
  taken = 0;
  reused = 0;

  /** Holds at most `freeBytesMax` bytes for reuse; `onFreeBytes` is told each change, positive when they become more. */
  constructor(freeBytesMax: number, onFreeBytes: (change: number) => void = () => {}) {
    this.#freeBytesMax = freeBytesMax;
    this.#onFreeBytes = onFreeBytes;
  }

  /** A buffer of at least `byteLength` bytes, with anything in it. */
  take(byteLength: number): ArrayBuffer {
    return this.takeFree(byteLength) ?? new ArrayBuffer(pooledLength(byteLength));
  }

  /** The shortest free buffer that fits, if there is one. */
  takeFree(byteLength: number): ArrayBuffer | undefined {
    if (byteLength < POOLED_BYTES_MIN) return undefined;
    this.taken += 1;
    let best = -1;
    for (const [index, { byteLength: own }] of this.#free.entries()) {
      if (own < byteLength || own > byteLength * FIT_MAX) continue;
      if (best < 0 || own < this.#free[best]!.byteLength) best = index;
    }
    if (best < 0) return undefined;
    this.reused += 1;
    return this.#remove(best);
  }

  /** Takes a buffer back. What the pool has no room for gives way: what has lain unused longest. */
  give(buffer: ArrayBuffer): void {
    const { byteLength } = buffer;
    if (byteLength < POOLED_BYTES_MIN || byteLength > this.#freeBytesMax) return;
    while (this.#freeBytes + byteLength > this.#freeBytesMax) this.#remove(0);
    this.#free.push(buffer);
    this.#freeBytes += byteLength;
    this.#onFreeBytes(byteLength);
  }

  /** Bytes that wait for reuse. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  #remove(index: number): ArrayBuffer {
    const [buffer] = this.#free.splice(index, 1) as [ArrayBuffer];
    this.#freeBytes -= buffer.byteLength;
    this.#onFreeBytes(-buffer.byteLength);
    return buffer;
  }
}

/** How long a new buffer for `byteLength` bytes is made, for it to be reused: as asked when it is too small for that. */
export function pooledLength(byteLength: number): number {
  if (byteLength < POOLED_BYTES_MIN) return byteLength;
  return Math.ceil((byteLength * HEADROOM) / ROUND_BYTES) * ROUND_BYTES;
}
