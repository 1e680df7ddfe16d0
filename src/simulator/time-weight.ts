import type { TimeWeight } from "../config/simulator-files.ts";
import { Random } from "./random.ts";

const minuteMs = 60_000;

/**
 * The load factor of a moment (S0-11). It is drawn anew every minute from the bounds of its hour, and depends on the
 * seed and the minute only. Hours without an entry: 1.
 */
export class TimeWeights {
  readonly #weights: readonly TimeWeight[];
  readonly #seed: number;
  readonly #hours: Intl.DateTimeFormat;
  #minute = -1;
  #factor = 1;

  constructor(weights: readonly TimeWeight[], timezone: string, seed: number) {
    this.#weights = weights;
    this.#seed = seed;
    this.#hours = new Intl.DateTimeFormat("en-GB", { timeZone: timezone, hour: "2-digit", hourCycle: "h23" });
  }

  at(nowMs: number): number {
    if (this.#weights.length === 0) return 1;
    const minute = Math.floor(nowMs / minuteMs);
    if (minute === this.#minute) return this.#factor;
    this.#minute = minute;
    const hour = Number(this.#hours.format(nowMs));
    const weight = this.#weights.find(({ fromHour, toHour }) => hour >= fromHour && hour <= toHour);
    this.#factor =
      weight === undefined ? 1 : weight.min + new Random(this.#seed + minute).fraction() * (weight.max - weight.min);
    return this.#factor;
  }
}
