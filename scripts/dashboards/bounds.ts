import type { Bounds } from "./panel-row.ts";

/**
 * What the run of scripts/panels gives: some 300 events a second of three services, with a few of a hundred spoiled, for less
 * than two minutes, and one outage of ClickHouse of a few seconds. On a machine that is twice as slow, and busy, too.
 */
export const run = { eventsPerSecond: 300, services: 3 } as const;

/** A latency of that run in ms. The simulator and the ingester share a clock, and an outage is no minute. */
export const latency = [0, 60_000] as const;
export const latencySeconds = [0, 60] as const;
export const percent = [0, 100] as const;

/** One row with these values. */
export function oneRow(values: Bounds["values"] & object): Bounds {
  return { rows: [1, 1], values };
}

/** Buckets of a minute. */
export function minutes(values: Bounds["values"] & object): Bounds {
  return { rows: [1, 5], values };
}
