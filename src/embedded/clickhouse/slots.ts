/** A fixed number of slots, handed out in order of arrival, with a bound on how many may wait. */
import { databaseError } from "./database-error.ts";

type Waiter = { grant: () => void; fail: (error: Error) => void };

export type Slots = {
  /**
   * Resolves with the function that gives the slot back. Rejects with code 202 if too many wait already, with 236 if
   * `signal` aborts first.
   */
  acquire(signal?: AbortSignal): Promise<() => void>;
  /** Fails whoever waits and whoever comes later. */
  refuse(reason: () => Error): void;
  /** True once all slots are free, false if that takes longer than `timeoutMs`. */
  whenIdle(timeoutMs: number): Promise<boolean>;
};

export function createSlots(slotsMax: number, waitersMax: number): Slots {
  let used = 0;
  let refusal: (() => Error) | undefined;
  const waiters = new Set<Waiter>();
  const idleCalls = new Set<() => void>();

  function release(): void {
    const next = waiters.values().next().value;
    if (next !== undefined) {
      // The slot passes to the waiter without becoming free in between, so that nobody overtakes.
      waiters.delete(next);
      next.grant();
      return;
    }
    used--;
    if (used === 0) for (const call of idleCalls) call();
  }

  function releaseOnce(): () => void {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      release();
    };
  }

  async function acquire(signal?: AbortSignal): Promise<() => void> {
    if (refusal !== undefined) throw refusal();
    if (signal?.aborted) throw databaseError("ABORTED", "The client went away before the query started");
    if (used < slotsMax) {
      used++;
      return releaseOnce();
    }
    if (waiters.size >= waitersMax) {
      const text = `Too many simultaneous queries. ${slotsMax} run and ${waitersMax} wait, which is the maximum`;
      throw databaseError("TOO_MANY_SIMULTANEOUS_QUERIES", text);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { grant: resolve, fail: reject };
    waiters.add(waiter);
    const drop = () => {
      if (waiters.delete(waiter)) reject(databaseError("ABORTED", "The client went away before the query started"));
    };
    signal?.addEventListener("abort", drop, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", drop);
    }
    return releaseOnce();
  }

  function refuse(reason: () => Error): void {
    refusal = reason;
    for (const waiter of waiters) waiter.fail(reason());
    waiters.clear();
  }

  async function whenIdle(timeoutMs: number): Promise<boolean> {
    if (used === 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const call = () => resolve(true);
    idleCalls.add(call);
    const timer = setTimeout(() => resolve(false), timeoutMs);
    const isIdle = await promise;
    clearTimeout(timer);
    idleCalls.delete(call);
    return isIdle;
  }

  return { acquire, refuse, whenIdle };
}
