import { expect, it } from "vitest";
import { lossesOf, withoutStored } from "./lost-records.ts";

const lost = [
  { first: 10, last: 19 },
  { first: 30, last: 39 },
];
const rangeOf = (partition: number) => ({ topic: "t", partition, firstOffset: 0, lastOffset: 99, batches: [] });
const losses = lossesOf([
  { ...rangeOf(0), lost },
  { ...rangeOf(1), lost: [] },
  { ...rangeOf(2), lost: [{ first: 0, last: 99 }], isGone: true },
  { ...rangeOf(3), lost },
]);
const stored = (partition: number, first: number, last: number) => ({ topic: "t", partition, first, last });

it("lossesOf() has one gap for each range that has lost something, but for those of deleted topics", () => {
  const gap = { topic: "t", firstOffset: 10, lastOffset: 39, runs: lost };
  expect(losses).toEqual([
    { ...gap, partition: 0 },
    { ...gap, partition: 3 },
  ]);
});

it("withoutStored() leaves out what a table has, in runs that lie in any order and over each other", () => {
  const held = [
    stored(0, 35, 36),
    stored(0, 0, 12),
    stored(0, 11, 14),
    stored(0, 19, 30),
    stored(3, 0, 99),
    stored(4, 0, 99),
  ];
  expect(withoutStored(losses, held)).toEqual([
    {
      ...{ topic: "t", partition: 0, firstOffset: 15, lastOffset: 39 },
      runs: [
        { first: 15, last: 18 },
        { first: 31, last: 34 },
        { first: 37, last: 39 },
      ],
    },
  ]);
  expect(withoutStored(losses, [])).toEqual(losses);
});
