/** A fetch that brought less than this is not followed by the next one at once. */
const LITTLE_BYTES = 256 * 1024;
/**
 * What comes meanwhile comes with the next: at most 10 MB/s of few partitions and 3.4 of many, before fetches follow each other
 * at once.
 */
const APART_MS = { min: 25, perPartition: 0.3, max: 75 };
/** A broker that had nothing for so long may keep the next fetch for so long. */
const QUIET = { afterMs: 1_000, waitMs: 500 };

/**
 * When a broker is asked again.
 *
 * It answers with the first byte that comes. Under a light load that is a fetch for every few events, and each costs as
 * much as there are partitions, at both ends. So the next one waits a little while the load lasts: the events that come
 * meanwhile go into the same bundle, which waits much longer. After a quiet moment the fetch is at the broker already,
 * and the first event does not wait.
 *
 * Each partition that has something costs kafkajs 20 µs and 10 kB of short-lived objects, be it one event or a hundred:
 * the more partitions answer, the longer the next fetch waits, so that each of them has more.
 */
export class FetchPace {
  readonly #nextMs = new Map<number, number>();
  readonly #emptySinceMs = new Map<number, number>();

  /** Notes what a fetch from the broker has brought, from how many partitions, and when. */
  returned(nodeId: number, brought: { byteCount: number; partitionCount: number }, nowMs: number): void {
    const { byteCount, partitionCount } = brought;
    const { min, perPartition, max } = APART_MS;
    if (byteCount > 0) this.#emptySinceMs.delete(nodeId);
    else if (!this.#emptySinceMs.has(nodeId)) this.#emptySinceMs.set(nodeId, nowMs);
    const isLittle = byteCount > 0 && byteCount < LITTLE_BYTES;
    this.#nextMs.set(nodeId, isLittle ? nowMs + Math.min(max, Math.max(min, partitionCount * perPartition)) : nowMs);
  }

  /** How long the next fetch from the broker is to be put off. */
  restMs(nodeId: number, nowMs: number): number {
    return Math.max(0, (this.#nextMs.get(nodeId) ?? nowMs) - nowMs);
  }

  /**
   * How long the broker may keep a fetch for which it has nothing: `usualMs`, or longer in a quiet time. That delays no
   * event, the first byte ends the wait; but what is resumed meanwhile waits for its end, and so does a stop.
   */
  waitMs(nodeId: number, usualMs: number, nowMs: number): number {
    const sinceMs = this.#emptySinceMs.get(nodeId);
    return sinceMs !== undefined && nowMs - sinceMs >= QUIET.afterMs ? Math.max(usualMs, QUIET.waitMs) : usualMs;
  }
}
