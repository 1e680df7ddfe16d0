export interface PlanRoomOptions {
  /** Bundles that are under way at once. */
  flightsMax: number;
  /** Bytes of records that a plan may have under way while its table takes nothing. */
  stalledBytesMax: number;
  /** Whether the table, or that of the dead letters, has failed since it took something. */
  isStalled(planKey: string): boolean;
}

/**
 * What each plan has under way, and whether it may begin more.
 *
 * Bundles that wait for a table which takes nothing are no work: they leave the others' room alone, and have a room of
 * their own. Beyond it their partitions are not fetched, or they would come to hold the whole byte budget.
 */
export class PlanRoom {
  readonly #options: PlanRoomOptions;
  readonly #flights = new Map<string, { count: number; bytes: number }>();

  constructor(options: PlanRoomOptions) {
    this.#options = options;
  }

  /** A bundle of so many bytes has begun; the returned function says that it has ended. */
  begin(planKey: string, bytes: number): () => void {
    const flights = this.#flights.get(planKey) ?? { count: 0, bytes: 0 };
    this.#flights.set(planKey, flights);
    flights.count += 1;
    flights.bytes += bytes;
    return () => {
      flights.count -= 1;
      flights.bytes -= bytes;
    };
  }

  /**
   * Whether a bundle that is old enough may be cut: it would not wait for others. One of each plan always may: full bundles
   * are cut in any case, and the backlog of one table would keep the rows of all others waiting.
   */
  hasRoom(planKey: string): boolean {
    const { flightsMax, isStalled } = this.#options;
    const own = this.#flights.get(planKey)?.count ?? 0;
    if (own === 0) return true;
    if (isStalled(planKey)) return own < flightsMax;
    let moving = 0;
    for (const [key, { count }] of this.#flights) if (count > 0 && !isStalled(key)) moving += count;
    return moving < flightsMax;
  }

  /** Whether nothing more of it is to be fetched. */
  isCrowded(planKey: string): boolean {
    const { flightsMax, stalledBytesMax, isStalled } = this.#options;
    const { count = 0, bytes = 0 } = this.#flights.get(planKey) ?? {};
    return isStalled(planKey) && (count >= flightsMax || bytes >= stalledBytesMax);
  }
}
