/** Smaller buffers are not kept: a new one costs little, and they would crowd out what is worth keeping. */
const POOLED_BYTES_MIN = 64 * 1024;

/** A buffer up to this many times as long as what is asked for will do: memory that is held must be used. */
const FIT_MAX = 2;

/** New buffers are this much longer, so that the next range, a little larger, fits too. Unused pages cost nothing. */
const HEADROOM = 1.125;
const ROUND_BYTES = 64 * 1024;

/**
 * Ranges' rows and fetch responses, all of different lengths, get buffers of one length, so that each can follow each. It
 * is above the 32 MiB up to which glibc's malloc learns to serve requests from its heaps (mallopt(3),
 * M_MMAP_THRESHOLD): between the buffers of input those had holes of a hundred megabytes. Above it a buffer is a mapping
 * of its own, which has memory for what was written only and gives it back when it is freed.
 */
const LARGE_BYTES_MIN = 4 * 1024 * 1024;
const LARGE_BYTES = 33 * 1024 * 1024;

/**
 * Large buffers between two uses. An event's bytes lie in three of them (fetch response, task, rows); were each new, the
 * kernel would page it in and clear it, and V8 collect it: more than half of the main thread's time.
 *
 * Whoever gives a buffer must be its last owner: nothing may read or write it afterwards, on any thread. Forgetting to
 * give is harmless: the garbage collector takes the buffer.
 */
export class BufferPool {
  /** Free buffers by their length; the length that was longest of no use comes first. */
  readonly #free = new Map<number, ArrayBuffer[]>();
  #freeBytes = 0;
  readonly #freeBytesMax: () => number;
  /** How many buffers were asked for, and how many of them the pool had. */
  taken = 0;
  reused = 0;

  /**
   * Holds at most `freeBytesMax()` bytes for reuse. It is asked when a buffer is given and before a new one is made, so
   * what is free can fill the room that is left beside what is in use, and give way to it.
   */
  constructor(freeBytesMax: () => number) {
    this.#freeBytesMax = freeBytesMax;
  }

  /** A buffer of at least `byteLength` bytes, with anything in it. */
  take(byteLength: number): ArrayBuffer {
    const free = this.takeFree(byteLength);
    if (free !== undefined) return free;
    this.trimTo(this.#freeBytesMax() - byteLength);
    return new ArrayBuffer(pooledLength(byteLength));
  }

  /** The shortest free buffer that fits, if there is one. */
  takeFree(byteLength: number): ArrayBuffer | undefined {
    if (byteLength < POOLED_BYTES_MIN) return undefined;
    this.taken += 1;
    let best = Number.POSITIVE_INFINITY;
    for (const length of this.#free.keys()) if (length >= byteLength && length < best) best = length;
    if (best > longestFit(byteLength)) return undefined;
    this.reused += 1;
    return this.#remove(best, true);
  }

  /** Takes a buffer back. What there is no room for gives way: first of the length that was longest of no use. */
  give(buffer: ArrayBuffer): void {
    const { byteLength } = buffer;
    const room = this.#freeBytesMax() - byteLength;
    if (byteLength < POOLED_BYTES_MIN || room < 0) {
      freeBuffer(buffer);
      return;
    }
    this.trimTo(room);
    const stack = this.#free.get(byteLength);
    if (stack === undefined) this.#free.set(byteLength, [buffer]);
    else stack.push(buffer);
    this.#freeBytes += byteLength;
  }

  /** Bytes that wait for reuse. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** Frees what is kept beyond so many bytes, first of the length that was longest of no use. */
  trimTo(byteCount: number): void {
    for (const length of this.#free.keys()) {
      while (this.#freeBytes > byteCount && this.#free.has(length)) freeBuffer(this.#remove(length, false));
    }
  }

  /** The buffer of this length that was given last: a core may still have some of it in its cache. */
  #remove(byteLength: number, isUsed: boolean): ArrayBuffer {
    const stack = this.#free.get(byteLength)!;
    const buffer = stack.pop()!;
    if (isUsed || stack.length === 0) this.#free.delete(byteLength);
    if (isUsed && stack.length > 0) this.#free.set(byteLength, stack);
    this.#freeBytes -= byteLength;
    return buffer;
  }
}

/**
 * Returns the buffer's memory at once. Left to the collector it would stay until a collection of the whole heap, and
 * would hurry that on. Whoever still has a view of the buffer sees it empty.
 */
export function freeBuffer(buffer: ArrayBuffer): void {
  buffer.transfer(0);
}

/** How long a new buffer for `byteLength` bytes is made, for it to be reused: as asked when it is too small for that. */
export function pooledLength(byteLength: number): number {
  if (byteLength < POOLED_BYTES_MIN) return byteLength;
  const length = Math.ceil((byteLength * HEADROOM) / ROUND_BYTES) * ROUND_BYTES;
  return byteLength < LARGE_BYTES_MIN ? length : Math.max(LARGE_BYTES, length);
}

function longestFit(byteLength: number): number {
  return Math.max(byteLength * FIT_MAX, byteLength < LARGE_BYTES_MIN ? 0 : LARGE_BYTES);
}
