import type { Clock } from "../../core/clock.ts";

/** How soon a bundle that is due, and had no room, is looked at again, as a part of the cut interval. */
const CHECKS_PER_INTERVAL = 10;
const CHECK_MS_MIN = 5;

export interface CutTimerOptions {
  clock: Clock;
  intervalMs: number;
  /** When the first of what waits is due, by the clock; ∞ when nothing waits: there is nothing to wake up for. */
  nextDueMs(): number;
  onDue(): void;
}

/** Wakes the dispatcher up when something becomes due. */
export class CutTimer {
  readonly #options: CutTimerOptions;
  readonly #againMs: number;
  #cancel: (() => void) | undefined;

  constructor(options: CutTimerOptions) {
    this.#options = options;
    this.#againMs = Math.max(CHECK_MS_MIN, options.intervalMs / CHECKS_PER_INTERVAL);
  }

  /** Something waits that did not before. */
  set(): void {
    if (this.#cancel !== undefined) return;
    const { clock, nextDueMs, onDue } = this.#options;
    const leftMs = nextDueMs() - clock.nowMs();
    if (leftMs === Number.POSITIVE_INFINITY) return;
    this.#cancel = clock.after(leftMs > 0 ? leftMs : this.#againMs, () => {
      this.#cancel = undefined;
      onDue();
      this.set();
    });
  }

  /** What is due first has changed. */
  reset(): void {
    this.stop();
    this.set();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
