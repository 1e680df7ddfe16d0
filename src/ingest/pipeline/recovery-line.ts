import { pauseMs } from "../../core/backoff.ts";
import { systemClock } from "../../core/clock.ts";

/** Bundles that are read and stored at once: each holds its bytes beside those of the intake. */
const REPEATS_AT_ONCE = 2;
/** A read that takes longer, because a broker is away, lets the next have its turn. It has longer each time. */
const READ_TIMES = { firstMs: 5_000, maxMs: 600_000 };

/**
 * What one pipeline repeats of earlier owners' bundles, in turns. A table that takes nothing holds its own pipeline's turns
 * only.
 *
 * A read that waits gives back what it has, and goes to the end: bundles that wait for one partition would come to hold the
 * whole byte budget. It has twice as long each time, or a large bundle would never be read.
 */
export class RecoveryLine {
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #closing = new AbortController();

  /**
   * Reads in its turn, then stores. Resolves without, when the line is closed.
   *
   * @param read rejects when its signal aborts, and holds nothing then
   */
  async repeat<Raw>(read: (signal: AbortSignal) => Promise<Raw>, store: (raw: Raw) => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#turn();
      try {
        if (this.#closing.signal.aborted) return;
        const raw = await this.#readWithin(pauseMs(attempt, READ_TIMES), read);
        if (raw !== undefined) {
          await store(raw);
          return;
        }
      } finally {
        this.#pass();
      }
    }
  }

  /** Ends what is being read, and begins nothing more. What is read goes on to be stored. */
  close(): void {
    this.#closing.abort();
  }

  /** Undefined: it took too long, or the line was closed. */
  async #readWithin<Raw>(maxMs: number, read: (signal: AbortSignal) => Promise<Raw>): Promise<Raw | undefined> {
    const late = new AbortController();
    const signal = AbortSignal.any([late.signal, this.#closing.signal]);
    const cancel = systemClock.after(maxMs, () => late.abort());
    try {
      return await read(signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    } finally {
      cancel();
    }
  }

  #turn(): Promise<void> {
    if (this.#underWay === REPEATS_AT_ONCE) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#underWay += 1;
    return Promise.resolve();
  }

  /** The turn is the next one's. */
  #pass(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#underWay -= 1;
    else next();
  }
}
