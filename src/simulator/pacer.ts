/** After a standstill longer than this, what is older is not made up for: it counts as withheld. */
const catchUpMsMax = 1_000;

/** Spreads events evenly over time. */
export interface Pacer {
  /** Everything due until here has been handed out. */
  lastMs: number;
  /** The part of the next event that is already due, 0 to 1. */
  carry: number;
  withheld: number;
}

/** `count` events, the first due at `firstMs`, one every `stepMs`. */
export interface PacedEvents {
  count: number;
  firstMs: number;
  stepMs: number;
}

export function openPacer(nowMs: number): Pacer {
  return { lastMs: nowMs, carry: 0, withheld: 0 };
}

/**
 * What became due since the last call. Each event has the time at which it was due, even when the process was late:
 * latencies measured from it include the wait, as a user's would.
 *
 * @param eventsPerSecond what is to be made now
 * @param wantedPerSecond what would be made without back-pressure: the difference counts as withheld
 * @param countMax room for events; the rest is withheld
 */
export function advancePacer(
  pacer: Pacer,
  nowMs: number,
  eventsPerSecond: number,
  wantedPerSecond: number,
  countMax: number,
): PacedEvents {
  const elapsedMs = Math.max(0, nowMs - pacer.lastMs);
  const fromMs = Math.max(pacer.lastMs, nowMs - catchUpMsMax);
  pacer.lastMs = Math.max(pacer.lastMs, nowMs);
  const due = (eventsPerSecond * Math.min(elapsedMs, catchUpMsMax)) / 1_000;
  const wanted = (wantedPerSecond * elapsedMs) / 1_000;
  const total = due + pacer.carry;
  // The sum of many small steps ends a hair below the whole number that it should be.
  const whole = Math.floor(total + 1e-6);
  const count = Math.min(whole, countMax);
  pacer.withheld += Math.max(0, wanted - due) + (whole - count);
  const stepMs = eventsPerSecond > 0 ? 1_000 / eventsPerSecond : 0;
  const firstMs = fromMs + (1 - pacer.carry) * stepMs;
  pacer.carry = total - whole;
  return { count, firstMs, stepMs };
}
