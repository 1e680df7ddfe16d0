/** A fetch that brought less than this is not followed by the next one at once. */
const LITTLE_BYTES = 256 * 1024;
/** What comes meanwhile comes with the next: at most 6.4 MB/s, before fetches follow each other at once. */
const APART_MS = 25;

/**
 * When a broker is asked again.
 *
 * It answers with the first byte that comes. Under a light load that is a fetch for every few events, and each costs as
 * much as there are partitions, at both ends. So the next one waits a little while the load lasts: the events that come
 * meanwhile go into the same bundle, which waits much longer. After a quiet moment the fetch is at the broker already,
 * and the first event does not wait.
 */
export class FetchPace {
  readonly #last = new Map<number, { returnedMs: number; byteCount: number }>();

  /** Notes what a fetch from the broker has brought, and when. */
  returned(nodeId: number, byteCount: number, nowMs: number): void {
    this.#last.set(nodeId, { returnedMs: nowMs, byteCount });
  }

  /** How long the next fetch from the broker is to be put off. */
  restMs(nodeId: number, nowMs: number): number {
    const last = this.#last.get(nodeId);
    if (last === undefined || last.byteCount === 0 || last.byteCount >= LITTLE_BYTES) return 0;
    return Math.max(0, last.returnedMs + APART_MS - nowMs);
  }
}
