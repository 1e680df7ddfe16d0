/**
 * The steady clock (`systemClock`) in flush intervals. Under a light load every broker is asked at the beginning of a tick,
 * and what they answer is inserted at once, as one bundle: the source and the dispatcher share no more than these two numbers.
 */
export function flushTickOf(nowMs: number, flushIntervalMs: number): number {
  return Math.floor(nowMs / flushIntervalMs);
}

/** When the next tick begins, by the steady clock; later than `nowMs`. */
export function nextTickMs(nowMs: number, tickMs: number): number {
  return (flushTickOf(nowMs, tickMs) + 1) * tickMs;
}
