import type { ClickHouseClient } from "@clickhouse/client";
import { type Clock, sleepOn } from "../../core/clock.ts";
import { measureClockOffset } from "./clock-offset.ts";

/** Clocks drift by some ms in a minute at worst; NTP corrects more at once, now and then. */
const MEASURE_EVERY_MS = 60_000;
const RETRY_MS = 1_000;
/** The wall clock was set when it has moved so much more or less than the steady one: in a minute they drift by less. */
const STEP_MS = 500;

interface Measured {
  /** ClickHouse's clock minus ours, ms. */
  offsetMs: number;
  /** When it was measured, in our clock. */
  measuredMs: number;
}

/** The wall clock minus the steady one, ms. */
const wallAheadMs = (clock: Clock): number => Date.now() - clock.nowMs();

export interface ClickHouseClockOptions {
  client: ClickHouseClient;
  clock: Clock;
  /** Ends the wait for a server that does not answer. */
  signal: AbortSignal;
  onError(error: unknown): void;
}

/**
 * How far ClickHouse's clock is ahead of our steady one. Measured at the first call, again when the measurement is old,
 * after `doubt()`, and when this machine's wall clock was set: the server may run here, or follow the same time server. Set
 * back by an hour unnoticed, its clock would hold each fence open for an hour longer.
 */
export class ClickHouseClock {
  readonly #options: ClickHouseClockOptions;
  #last: Measured | undefined;
  #wallAheadMs = 0;
  #measuring: Promise<Measured> | undefined;
  #isDoubted = false;

  constructor(options: ClickHouseClockOptions) {
    this.#options = options;
  }

  /**
   * While ClickHouse does not answer, the last measurement holds: the insert that follows will not be answered either.
   * Without one the call waits.
   *
   * @throws the signal's reason.
   */
  async offset(): Promise<Measured> {
    const { clock } = this.#options;
    if (Math.abs(wallAheadMs(clock) - this.#wallAheadMs) > STEP_MS) this.doubt();
    const isFresh = this.#last !== undefined && clock.nowMs() - this.#last.measuredMs <= MEASURE_EVERY_MS;
    if (this.#last !== undefined && isFresh && !this.#isDoubted) return this.#last;
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  /** An insert came late that should not have: the clock may have been set. */
  doubt(): void {
    this.#isDoubted = true;
  }

  async #measure(): Promise<Measured> {
    const { client, clock, signal, onError } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      try {
        // Before the request: set while it is under way, the clock is measured once more.
        const aheadMs = wallAheadMs(clock);
        const { offsetMs } = await measureClockOffset(client, () => clock.nowMs());
        this.#isDoubted = false;
        this.#wallAheadMs = aheadMs;
        this.#last = { offsetMs, measuredMs: clock.nowMs() };
        return this.#last;
      } catch (error) {
        if (this.#last !== undefined) return this.#last;
        onError(error);
        await sleepOn(clock, RETRY_MS);
      }
    }
  }
}
