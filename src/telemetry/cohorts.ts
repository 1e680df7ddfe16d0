import type { AcknowledgedBundle } from "./recorder.ts";

/** By which time a record belongs to a minute. */
export type CohortClock = "event" | "kafka";

/** What was stored of one minute. Times in ms since 1970. */
export interface Cohort {
  clock: CohortClock;
  service: string;
  bucketMs: number;
  stored: number;
  /** Of these, stored that soon after their time. */
  stored10s: number;
  stored1m: number;
  stored5m: number;
  newestMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const AGE_MS_MAX = 7 * DAY_MS;

/**
 * Counts what is stored by the minute to which it belongs (docs/glossary.md, "cohort"). The work is by distinct age, which
 * the worker has counted for the latency stages, not by record.
 */
export class Cohorts {
  readonly #cells = new Map<string, Cohort>();

  record({ latency, startedMs, acknowledgedMs }: AcknowledgedBundle): void {
    for (const { group, eventAge, recordAge } of latency) {
      this.#recordAges("event", group, eventAge, startedMs, acknowledgedMs);
      this.#recordAges("kafka", group, recordAge, startedMs, acknowledgedMs);
    }
  }

  /** @param ages pairs of an age at `startedMs` and its records */
  #recordAges(
    clock: CohortClock,
    service: string,
    ages: Float64Array,
    startedMs: number,
    acknowledgedMs: number,
  ): void {
    let cell: Cohort | undefined;
    for (let index = 0; index < ages.length; index += 2) {
      const atMs = startedMs - ages[index]!;
      const count = ages[index + 1]!;
      const ageMs = acknowledgedMs - atMs;
      if (ageMs > AGE_MS_MAX) continue;
      const bucketMs = bucketOf(atMs, ageMs);
      // Neighbours are of the same minute as a rule.
      if (cell?.bucketMs !== bucketMs) cell = this.#cell(clock, service, bucketMs);
      cell.stored += count;
      if (ageMs <= 10_000) cell.stored10s += count;
      if (ageMs <= MINUTE_MS) cell.stored1m += count;
      if (ageMs <= 5 * MINUTE_MS) cell.stored5m += count;
      cell.newestMs = Math.max(cell.newestMs, Math.min(atMs, acknowledgedMs));
    }
  }

  #cell(clock: CohortClock, service: string, bucketMs: number): Cohort {
    const key = `${clock}\n${bucketMs}\n${service}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { clock, service, bucketMs, stored: 0, stored10s: 0, stored1m: 0, stored5m: 0, newestMs: 0 };
      this.#cells.set(key, cell);
    }
    return cell;
  }

  get all(): Iterable<Cohort> {
    return this.#cells.values();
  }
}

/** A backlog of a week would else be ten thousand rows of each service. */
function bucketOf(atMs: number, ageMs: number): number {
  const widthMs = ageMs > DAY_MS ? HOUR_MS : MINUTE_MS;
  return Math.floor(atMs / widthMs) * widthMs;
}
