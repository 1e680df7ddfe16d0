/** Pauses between repeats: the first, and the one from which they grow no more. */
export interface PauseBounds {
  firstMs: number;
  maxMs: number;
}

/**
 * The pause after `failures` failures in a row, from 1, in ms: twice as long each time.
 *
 * For what no other instance repeats at the same moment, and for joins of a group: members that come back one by one
 * make it rebalance once for each of them.
 */
export function pauseMs(failures: number, { firstMs, maxMs }: PauseBounds): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
}

/**
 * The same with jitter, anything from half that pause to the whole: instances that failed together, because one server
 * failed them all, do not come back together. Not from nothing: a pause of a few ms asks a server that is down at once,
 * and uses up an attempt where they are counted.
 *
 * @param random a number in [0, 1).
 */
export function jitteredPauseMs(failures: number, bounds: PauseBounds, random = Math.random): number {
  return Math.round(((1 + random()) / 2) * pauseMs(failures, bounds));
}
