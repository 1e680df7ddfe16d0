/**
 * The pause before attempt `attempt + 1`, in ms: exponential with full jitter, so that instances that failed together do
 * not come back together.
 *
 * @param attempt how many have failed, from 1.
 * @param random a number in [0, 1).
 */
export function backoffMs(attempt: number, bounds: { firstMs: number; maxMs: number }, random = Math.random): number {
  return Math.round(random() * Math.min(bounds.maxMs, bounds.firstMs * 2 ** Math.min(attempt - 1, 30)));
}
