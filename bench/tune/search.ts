import type { ProfileValues } from "../../src/config/profiles.ts";
import type { Figures, Tried, TunedName, TunedValue } from "./figures.ts";

/** A value to tune and what to try besides what it is. */
export interface Coordinate {
  name: TunedName;
  candidates: readonly TunedValue[];
  /** Instead of the search's. */
  choose?(tried: readonly Tried[]): Tried;
}

export interface SearchOptions {
  start: ProfileValues;
  coordinates: readonly Coordinate[];
  /** Runs the program with these values. */
  measure(values: ProfileValues): Promise<Figures>;
  choose(tried: readonly Tried[]): Tried;
  /** False: no time for another run; what is left keeps its value. */
  hasTime(): boolean;
}

export interface SearchResult {
  values: ProfileValues;
  figures: Figures;
  /** By coordinate, in the order of the search: every value tried, the chosen one marked. */
  tried: { name: TunedName; runs: (Tried & { chosen: boolean })[] }[];
  /** Coordinates for which there was no time. */
  skipped: TunedName[];
}

/**
 * Coordinate descent: one value at a time, the best kept before the next is tried. A full grid of six values would take
 * hours; the price is that two values that only help together are not found.
 *
 * A run is not repeated for values that were seen: figures are kept by the whole set of values.
 */
export async function descend(options: SearchOptions): Promise<SearchResult> {
  const seen = new Map<string, Figures>();
  const measure = async (values: ProfileValues) => {
    const key = JSON.stringify(values);
    const figures = seen.get(key) ?? (await options.measure(values));
    seen.set(key, figures);
    return figures;
  };
  let values = options.start;
  const result: SearchResult = { values, figures: await measure(values), tried: [], skipped: [] };
  for (const { name, candidates, choose = options.choose } of options.coordinates) {
    const current = values[name];
    const tried: Tried[] = [{ value: current, figures: result.figures }];
    for (const candidate of candidates) {
      if (candidate === current || !isPossible({ ...values, [name]: candidate })) continue;
      if (!options.hasTime()) {
        result.skipped.push(name);
        break;
      }
      tried.push({ value: candidate, figures: await measure({ ...values, [name]: candidate }) });
    }
    const chosen = choose(tried);
    values = { ...values, [name]: chosen.value };
    result.figures = chosen.figures;
    result.tried.push({ name, runs: tried.map((run) => ({ ...run, chosen: run === chosen })) });
  }
  result.values = values;
  return result;
}

/** A range larger than the whole byte budget could never be collected. */
function isPossible({ flushBytes, bytesMax }: ProfileValues): boolean {
  return flushBytes * 2 <= bytesMax;
}
