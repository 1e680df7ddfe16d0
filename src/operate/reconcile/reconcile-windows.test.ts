import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutAtGaps, mergeRuns, planQueries } from "./reconcile-windows.ts";

const range = (partition: number, first: number, end: number) => ({ topic: "t", partition, first, end });

describe("cutAtGaps", () => {
  it("separates what lies in long gaps from what does not", () => {
    const gaps = [
      { first: 0, last: 9 },
      { first: 20, last: 29 },
      { first: 45, last: 99 },
    ];
    expect(cutAtGaps(range(0, 5, 50), gaps).map(({ first, end, inGap }) => [first, end, inGap])).toEqual([
      [5, 10, true],
      [10, 20, false],
      [20, 30, true],
      [30, 45, false],
      [45, 50, true],
    ]);
  });

  it("keeps every window narrow enough for 32 bits", () => {
    const windows = cutAtGaps(range(0, 0, 6_000_000_000), []);
    expect(windows.map(({ first, end }) => [first, end])).toEqual([
      [0, 2 ** 31],
      [2 ** 31, 2 ** 32],
      [2 ** 32, 6_000_000_000],
    ]);
  });
});

describe("planQueries", () => {
  const ranges = fc.array(fc.tuple(fc.nat({ max: 1_000 }), fc.nat({ max: 500 })), { maxLength: 80 });

  it("compares each offset once, within the limit, no partition twice in one query", () => {
    fc.assert(
      fc.property(ranges, fc.integer({ min: 10, max: 400 }), (list, limit) => {
        const windows = list.flatMap(([first, length], index) =>
          cutAtGaps(
            range(index % 50, first + 2_000 * Math.floor(index / 50), first + 2_000 * Math.floor(index / 50) + length),
            [],
          ),
        );
        const queries = planQueries(windows, limit);
        for (const query of queries) {
          expect(new Set(query.map(({ partition }) => partition)).size).toBe(query.length);
          // Each window's share is rounded up at most by one offset.
          const offsets = query.reduce((sum, { first, end }) => sum + end - first, 0);
          expect(offsets).toBeLessThanOrEqual(limit + query.length);
        }
        const unfold = (parts: typeof windows) =>
          parts
            .flatMap(({ partition, first, end }) =>
              Array.from({ length: end - first }, (_, index) => `${partition}:${first + index}`),
            )
            .sort();
        expect(unfold(queries.flat())).toEqual(unfold(windows));
      }),
      { numRuns: 50 },
    );
  });
});

describe("mergeRuns", () => {
  it("joins runs that touch or overlap", () => {
    const runs = [
      { first: 20, last: 25 },
      { first: 0, last: 9 },
      { first: 10, last: 12 },
      { first: 22, last: 23 },
    ];
    expect(mergeRuns(runs)).toEqual([
      { first: 0, last: 12 },
      { first: 20, last: 25 },
    ]);
  });
});
