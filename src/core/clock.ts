/**
 * Time for the delivery protocol, so that a simulation can run it in time of its own.
 *
 * `nowMs` never goes back and does not follow a correction of the wall clock: it is for differences. Times that are
 * stored or compared with other machines come from `Date.now()`.
 */
export interface Clock {
  /** ms since 1970 when the process started, going on evenly from there. */
  nowMs(): number;
  /** Calls once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

export function sleepOn(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(delayMs, resolve));
}

/**
 * Until `untilMs`, and no sooner: timers count whole milliseconds from a whole one, and every second one fires up to 1.5 ms
 * early, which is in the tick before the one that was meant.
 */
export async function sleepUntil(clock: Clock, untilMs: number): Promise<void> {
  for (;;) {
    const leftMs = untilMs - clock.nowMs();
    if (leftMs <= 0) return;
    await sleepOn(clock, Math.ceil(leftMs));
  }
}
