import type { ClickHouseClient } from "@clickhouse/client";
import type { Clock } from "../core/clock.ts";
import { measureClockOffset } from "../telemetry/clock-offset.ts";

/** Clocks drift by some ms in a minute at worst; NTP corrects more at once, now and then. */
const MEASURE_EVERY_MS = 60_000;

interface Measured {
  /** ClickHouse's clock minus ours, ms. */
  offsetMs: number;
  /** When it was measured, in our clock. */
  measuredMs: number;
}

/**
 * How far ClickHouse's clock is ahead of ours, in ms. Measured at the first call, again when the measurement is old, and
 * after `doubt()`.
 */
export class ClickHouseClock {
  readonly #client: ClickHouseClient;
  readonly #clock: Clock;
  #offset: Promise<Measured> | undefined;
  #measuredMs = Number.NEGATIVE_INFINITY;

  constructor(client: ClickHouseClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  offset(): Promise<Measured> {
    const nowMs = this.#clock.nowMs();
    if (this.#offset === undefined || nowMs - this.#measuredMs > MEASURE_EVERY_MS) {
      const before = this.#offset;
      this.#measuredMs = nowMs;
      const measured = this.#measure();
      // While ClickHouse does not answer, the last measurement holds: the insert that follows will not be answered either.
      this.#offset = before === undefined ? measured : measured.catch(() => before);
      measured.catch(() => this.doubt());
    }
    return this.#offset;
  }

  /** An insert came late that should not have: the clock may have been set. */
  doubt(): void {
    this.#measuredMs = Number.NEGATIVE_INFINITY;
  }

  async #measure(): Promise<Measured> {
    const { offsetMs } = await measureClockOffset(this.#client);
    const measuredMs = this.#clock.nowMs();
    return { offsetMs: offsetMs + Date.now() - measuredMs, measuredMs };
  }
}
