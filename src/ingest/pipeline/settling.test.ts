import { expect, it } from "vitest";
import { Settling } from "./settling.ts";

const ranges = [0, 1].map((partition) => ({ topic: "t", partition, firstOffset: 0, lastOffset: 9 }));
const [one] = ranges as [(typeof ranges)[0]];

it("goes on with the wait from one generation to the next", () => {
  const settling = new Settling();
  settling.begin(4, [], 100);
  // Taken out of their bundle in this one.
  expect(settling.sinceMs(ranges, 150)).toBe(150);
  settling.begin(5, ranges, 200);
  settling.begin(6, ranges, 300);
  expect(settling.sinceMs(ranges, 350)).toBe(150);
  expect(settling.sinceMs([one], 350)).toBe(150);
});

it("waits as long as the last of several does", () => {
  const settling = new Settling();
  settling.begin(4, [one], 100);
  expect(settling.sinceMs(ranges, 150)).toBe(150);
});

it.each([
  { what: "after a generation that it has not seen", next: 6, between: [one] },
  { what: "after one in which the range was another's", next: 6, between: [] },
  { what: "where the same range is told of in a later generation of the same number", next: 4, between: [one] },
])("begins anew $what", ({ next, between }) => {
  const settling = new Settling();
  settling.begin(4, [one], 100);
  if (between.length === 0) settling.begin(5, between, 150);
  settling.begin(next, [one], 200);
  expect(settling.sinceMs([one], 250)).toBe(200);
});

it("begins anew when an insert of the range may be under way", () => {
  const settling = new Settling();
  settling.begin(4, [one], 100);
  settling.began(one);
  settling.begin(5, [one], 200);
  expect(settling.sinceMs([one], 250)).toBe(200);
});
