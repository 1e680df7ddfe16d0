import { setFlagsFromString } from "node:v8";

/**
 * Makes V8 weigh the bytes of ArrayBuffers against the whole heap when it decides to collect.
 *
 * By default 64 MiB of them, new or moved in from another thread, start a full collection of the heap, however small it
 * is. Ranges are megabytes that go to a worker and come back: a collection of 30 MB of long-lived objects for every 250
 * thousand events, on all threads, was more CPU time than fetching and inserting them. The flag is V8's own and exists
 * since V8 13; Deno does not pass flags on to V8 at run time, and goes without.
 */
export function relaxCollectionOfBuffers(): void {
  setFlagsFromString("--external-memory-accounted-in-global-limit");
}
