const RealDate = Date;
let stepMs = 0;

/**
 * Moves this thread's wall clock, as a bad time server or an operator does: `Date` tells another time from now on, while
 * timers and `performance.now()` go on evenly. Steps add up.
 */
export function stepClock(byMs: number): void {
  stepMs += byMs;
  globalThis.Date = SteppedDate as DateConstructor;
}

/** The time that it is outside. */
export const realNowMs = RealDate.now.bind(RealDate);

class SteppedDate extends RealDate {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(RealDate.now() + stepMs);
    else super(...(given as [number]));
  }

  static override now(): number {
    return RealDate.now() + stepMs;
  }
}
