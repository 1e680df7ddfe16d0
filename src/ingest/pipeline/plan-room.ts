export interface PlanRoomOptions {
  /** Bundles that are under way at once. */
  flightsMax: number;
  /** Bytes of records that a plan may have under way while its table takes nothing, or its bundles wait. */
  stalledBytesMax: number;
  /** Whether the table, or that of the dead letters, has failed since it took something. */
  isStalled(planKey: string): boolean;
}

/** A bundle that is under way. */
export interface PlanFlight {
  /** Whether it waits until commits may name it. */
  waits(isWaiting: boolean): void;
  end(): void;
}

/**
 * What each plan has under way, and whether it may begin more.
 *
 * Bundles that wait for a table which takes nothing, or behind ranges that are not stored, are no work: they leave the
 * others' room alone, and have a room of their own. Beyond it their partitions are not fetched, or they would come to hold
 * the whole byte budget.
 */
export class PlanRoom {
  readonly #options: PlanRoomOptions;
  readonly #flights = new Map<string, { count: number; bytes: number; waiting: number }>();

  constructor(options: PlanRoomOptions) {
    this.#options = options;
  }

  /** A bundle of so many bytes has begun. */
  begin(planKey: string, bytes: number): PlanFlight {
    const flights = this.#flights.get(planKey) ?? { count: 0, bytes: 0, waiting: 0 };
    this.#flights.set(planKey, flights);
    flights.count += 1;
    flights.bytes += bytes;
    return {
      waits(isWaiting) {
        flights.waiting += isWaiting ? 1 : -1;
      },
      end() {
        flights.count -= 1;
        flights.bytes -= bytes;
      },
    };
  }

  /**
   * Whether a bundle that is old enough may be cut: it would not wait for others. One of each plan always may: full bundles
   * are cut in any case, and the backlog of one table would keep the rows of all others waiting.
   */
  hasRoom(planKey: string): boolean {
    const { flightsMax } = this.#options;
    const own = this.#flights.get(planKey)?.count ?? 0;
    if (own === 0) return true;
    if (this.#isStuck(planKey)) return own < flightsMax;
    let moving = 0;
    for (const [key, { count }] of this.#flights) if (count > 0 && !this.#isStuck(key)) moving += count;
    return moving < flightsMax;
  }

  /** Whether nothing more of it is to be fetched. */
  isCrowded(planKey: string): boolean {
    const { flightsMax, stalledBytesMax } = this.#options;
    const { count = 0, bytes = 0 } = this.#flights.get(planKey) ?? {};
    return this.#isStuck(planKey) && (count >= flightsMax || bytes >= stalledBytesMax);
  }

  #isStuck(planKey: string): boolean {
    return this.#options.isStalled(planKey) || (this.#flights.get(planKey)?.waiting ?? 0) > 0;
  }
}
