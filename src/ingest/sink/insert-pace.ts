import { jitteredPauseMs, type PauseBounds } from "../../core/backoff.ts";
import { systemClock } from "../../core/clock.ts";
import { InsertPlaces } from "./insert-places.ts";

/**
 * How many inserts of a table run at once, and when. All its inserts go through one pace: a table that has too many parts
 * has them for all, and a pause of that one insert alone would not help it. Other tables have paces of their own, and take
 * from the same places: who pauses holds none. A server that is overloaded as a whole says so to each table.
 *
 * After an overload everybody pauses, half as many inserts run, and each further round of stored inserts allows one more.
 */
export class InsertPace {
  readonly #insertsMax: number;
  readonly #bounds: PauseBounds;
  readonly #signal: AbortSignal;
  readonly #places: InsertPlaces;
  readonly #onFree = () => this.#admit();
  readonly #waiting: { enter: () => void; reject: (reason: unknown) => void }[] = [];
  #allowed: number;
  #running = 0;
  /** Inserts stored since `#allowed` changed last. */
  #storedSince = 0;
  /** Overloads in a row, each answered by a longer pause. */
  #overloads = 0;
  #pauseEndMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(insertsMax: number, bounds: PauseBounds, signal: AbortSignal, places = new InsertPlaces(insertsMax)) {
    this.#places = places;
    this.#insertsMax = insertsMax;
    this.#allowed = insertsMax;
    this.#bounds = bounds;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#refuseAll(), { once: true });
  }

  /** How many inserts may run at once now: 1 … insertsMax. */
  get allowed(): number {
    return this.#allowed;
  }

  /**
   * Waits for a free place and the end of the pause. An insert that has waited before goes to the front (`isRepeat`):
   * its range is older than the others.
   *
   * @throws the signal's reason when it aborts.
   */
  async enter(isRepeat: boolean): Promise<void> {
    this.#signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { enter: resolve, reject };
    if (isRepeat) this.#waiting.unshift(waiter);
    else this.#waiting.push(waiter);
    this.#admit();
    await promise;
  }

  leave(): void {
    this.#running -= 1;
    // Others first: they have waited longer.
    this.#places.give();
    this.#admit();
  }

  /** The server is overloaded. Returns the length of the pause, in ms. */
  slowDown(): number {
    const nowMs = systemClock.nowMs();
    // Inserts that were under way together are refused together: one overload, not one each.
    if (nowMs >= this.#pauseEndMs) {
      this.#overloads += 1;
      this.#allowed = Math.max(1, Math.floor(this.#allowed / 2));
      this.#pauseEndMs = nowMs + jitteredPauseMs(this.#overloads, this.#bounds);
    }
    this.#storedSince = 0;
    return Math.max(0, this.#pauseEndMs - nowMs);
  }

  /** An insert was stored. */
  noteStored(): void {
    if (this.#overloads === 0) return;
    this.#storedSince += 1;
    if (this.#storedSince < this.#allowed) return;
    this.#storedSince = 0;
    if (this.#allowed < this.#insertsMax) this.#allowed += 1;
    else this.#overloads = 0;
  }

  #admit(): void {
    const restMs = this.#pauseEndMs - systemClock.nowMs();
    if (restMs > 0 && this.#waiting.length > 0) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#admit(), restMs);
      return;
    }
    while (this.#running < this.#allowed && this.#waiting.length > 0 && this.#places.take(this.#onFree)) {
      this.#running += 1;
      this.#waiting.shift()!.enter();
    }
  }

  #refuseAll(): void {
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#signal.reason);
  }
}
