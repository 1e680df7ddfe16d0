import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { absentGaps, absentRuns, countOffsets } from "./gap-store.ts";

describe("absentRuns", () => {
  it("finds what lies before, between and after the records, whatever their order", () => {
    expect(absentRuns(10, 20, Float64Array.of(15, 12, 13), Float64Array.of(18))).toEqual([
      { first: 10, last: 11 },
      { first: 14, last: 14 },
      { first: 16, last: 17 },
      { first: 19, last: 20 },
    ]);
  });

  it("finds the whole range when it has no record, and nothing when it has all", () => {
    expect(absentRuns(5, 9)).toEqual([{ first: 5, last: 9 }]);
    expect(absentRuns(5, 7, Float64Array.of(7, 5, 6))).toEqual([]);
  });

  it("divides any range into records and runs, with nothing in both", () => {
    const offsets = fc.uniqueArray(fc.integer({ min: 0, max: 60 }));
    fc.assert(
      fc.property(
        offsets,
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 0, max: 30 }),
        (present, first, length) => {
          const last = first + length;
          const runs = absentRuns(first, last, Float64Array.from(present));
          const expected = Array.from({ length: length + 1 }, (_, index) => first + index).filter(
            (offset) => !present.includes(offset),
          );
          const unfolded = runs.flatMap((run) =>
            Array.from({ length: run.last - run.first + 1 }, (_, index) => run.first + index),
          );
          expect(unfolded).toEqual(expected);
          expect(countOffsets(runs)).toBe(expected.length);
        },
      ),
    );
  });
});

it("absentGaps() leaves out what is lost, before, between and behind the rows", () => {
  const range = { topic: "t", partition: 0, firstOffset: 0, lastOffset: 19 };
  const lost = [
    { first: 0, last: 1 },
    { first: 6, last: 9 },
    { first: 18, last: 19 },
  ];
  const rows = { offsets: Float64Array.of(2, 3, 5, 12, 13, 14, 15, 16, 17), sectionRows: Uint32Array.of(9) };
  expect(absentGaps([{ ...range, lost }], [rows])).toEqual([
    { ...range, runs: [4, 10].map((first) => ({ first, last: first === 4 ? 4 : 11 })) },
  ]);
});
