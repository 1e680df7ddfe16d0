import { setFlagsFromString } from "node:v8";

/**
 * Makes V8 collect less for the bytes of ArrayBuffers. Ranges are megabytes that go to a worker and come back; they are
 * pooled or freed by hand (src/core/buffer-pool.ts), so a collection finds nothing of them.
 *
 * By default 64 MiB of them, new or moved in from another thread, start a full collection of the heap, however small it
 * is; by the first flag they weigh as much as other bytes do. V8 lets a heap grow to 1.3 to 4 times what the last
 * collection left, and takes about 1.5 here: a collection for each third of a second at saturation, and a seventh of this
 * process' CPU time. The second flag makes it 3.
 *
 * The flags are V8's own and exist since V8 13; Deno does not pass flags on to V8 at run time, and goes without.
 */
export function relaxCollectionOfBuffers(): void {
  setFlagsFromString("--external-memory-accounted-in-global-limit");
  setFlagsFromString("--heap-growing-percent=200");
}
