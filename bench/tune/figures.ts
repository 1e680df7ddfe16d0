import type { ProfileValues } from "../../src/config/profiles.ts";

/** What one short run showed. CPU: ingester and ClickHouse, broker and load generator left out. */
export interface Figures {
  events: number;
  /** By the clock. Under a paced load this is the load. */
  rowsPerSecond: number;
  cpuMicrosPerRow: number;
  ingesterMiB: number;
  clickHouseMiB: number;
  inserts?: number;
  /** Only under a paced load: in a drain every event is late by definition. */
  e2eP95Ms?: number;
  /** Only under a paced load. */
  holds?: boolean;
}

export type TunedName = Exclude<keyof ProfileValues, "measured" | "transcoder" | "simulatorEventsPerSecond">;
export type TunedValue = number | string;

/** One value of one coordinate with what it showed, all others as they stood then. */
export interface Tried {
  value: TunedValue;
  figures: Figures;
}

/** How far two figures may differ and still count as equal: short runs on a shared machine do not repeat better. */
export const NOISE = 0.03;

export function memoryMiB({ ingesterMiB, clickHouseMiB }: Figures): number {
  return ingesterMiB + clickHouseMiB;
}

/** Those within `share` of the best by `cost`, lower is better. */
export function closeToBest(tried: readonly Tried[], cost: (f: Figures) => number, share: number): Tried[] {
  const least = Math.min(...tried.map(({ figures }) => cost(figures)));
  return tried.filter(({ figures }) => cost(figures) <= least * (1 + share));
}

/** Picks by `cost`; among those within `share` of the best, by `tie`. */
export function cheapest(
  tried: readonly Tried[],
  cost: (f: Figures) => number,
  share: number,
  tie: (f: Figures) => number,
): Tried {
  return closeToBest(tried, cost, share).reduce((best, candidate) =>
    tie(candidate.figures) < tie(best.figures) ? candidate : best,
  );
}
