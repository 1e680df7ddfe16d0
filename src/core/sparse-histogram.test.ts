import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addToSparse, quantise, SparseHistogram, sparsePairs } from "./sparse-histogram.ts";

const DAYS_400_MS = 400 * 86_400_000;

describe("SparseHistogram", () => {
  it("counts what a Map of quantised values counts, sorted by value", () => {
    const values = fc.array(fc.integer({ min: -DAYS_400_MS, max: DAYS_400_MS }), { maxLength: 500 });
    fc.assert(
      fc.property(values, (list) => {
        const histogram = new SparseHistogram();
        const expected = new Map<number, number>();
        for (const value of list) {
          addToSparse(histogram, value);
          expected.set(quantise(value), (expected.get(quantise(value)) ?? 0) + 1);
        }
        const sorted = [...expected].sort(([left], [right]) => left - right);
        expect([...sparsePairs(histogram)]).toEqual(sorted.flat());
      }),
    );
  });

  it("keeps milliseconds below 2,048 and three digits above, of either sign", () => {
    expect(quantise(2047)).toBe(2047);
    expect(quantise(-2047)).toBe(-2047);
    expect(Object.is(quantise(-0.2), 0)).toBe(true);
    fc.assert(
      fc.property(fc.integer({ min: -DAYS_400_MS, max: DAYS_400_MS }), (value) => {
        expect(Math.abs(quantise(value) - value)).toBeLessThanOrEqual(Math.abs(value) / 2000);
        expect(quantise(quantise(value))).toBe(quantise(value));
      }),
    );
  });

  it("counts repeats across growth and ignores NaN", () => {
    const histogram = new SparseHistogram();
    for (let round = 0; round < 2; round++) for (let value = 0; value < 1000; value++) addToSparse(histogram, value);
    addToSparse(histogram, Number.NaN);
    const pairs = sparsePairs(histogram);
    expect(pairs.length).toBe(2000);
    expect(pairs.filter((_, index) => index % 2 === 1).every((count) => count === 2)).toBe(true);
  });
});
