import { describe, expect, it } from "vitest";
import { latenessBandOf, latenessBands, noLateRows } from "./lateness.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

describe("lateness bands", () => {
  it.each<[number, string | undefined]>([
    [Number.NaN, undefined],
    [-DAY_MS, undefined],
    [0, undefined],
    [MINUTE_MS, undefined],
    [MINUTE_MS + 1, "1m-10m"],
    [10 * MINUTE_MS, "1m-10m"],
    [10 * MINUTE_MS + 1, "10m-1h"],
    [HOUR_MS, "10m-1h"],
    [HOUR_MS + 1, "1h-1d"],
    [DAY_MS, "1h-1d"],
    [DAY_MS + 1, "1d-3d"],
    [3 * DAY_MS + 1, "3d-7d"],
    [7 * DAY_MS, "3d-7d"],
    [7 * DAY_MS + 1, "over-7d"],
    [Number.MAX_VALUE, "over-7d"],
  ])("%d ms behind its record is in %s", (lagMs, band) => {
    expect(latenessBandOf(lagMs)).toBe(band);
  });

  it("rise, and begin at zero rows each", () => {
    const bounds = latenessBands.map(({ aboveMs }) => aboveMs);
    expect(bounds).toEqual(bounds.toSorted((left, right) => left - right));
    expect(noLateRows()).toEqual(Object.fromEntries(latenessBands.map(({ name }) => [name, 0])));
  });
});
