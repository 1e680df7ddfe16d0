import type { ClickHouseClient } from "@clickhouse/client";
import { type Clock, sleepOn } from "../core/clock.ts";
import { measureClockOffset } from "../telemetry/clock-offset.ts";

/** Clocks drift by some ms in a minute at worst; NTP corrects more at once, now and then. */
const MEASURE_EVERY_MS = 60_000;
const RETRY_MS = 1_000;

interface Measured {
  /** ClickHouse's clock minus ours, ms. */
  offsetMs: number;
  /** When it was measured, in our clock. */
  measuredMs: number;
}

export interface ClickHouseClockOptions {
  client: ClickHouseClient;
  clock: Clock;
  /** Ends the wait for a server that does not answer. */
  signal: AbortSignal;
  onError(error: unknown): void;
}

/**
 * How far ClickHouse's clock is ahead of ours. Measured at the first call, again when the measurement is old, and after
 * `doubt()`.
 */
export class ClickHouseClock {
  readonly #options: ClickHouseClockOptions;
  #last: Measured | undefined;
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
        const { offsetMs } = await measureClockOffset(client);
        const measuredMs = clock.nowMs();
        this.#isDoubted = false;
        this.#last = { offsetMs: offsetMs + Date.now() - measuredMs, measuredMs };
        return this.#last;
      } catch (error) {
        if (this.#last !== undefined) return this.#last;
        onError(error);
        await sleepOn(clock, RETRY_MS);
      }
    }
  }
}
