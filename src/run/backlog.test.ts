import { expect, it } from "vitest";
import { recordsLeft, recordsToReadFirst } from "./backlog.ts";

const at = (partition: number, committed: number | undefined, logEnd: number, logStart = 0) => ({
  ...{ topic: "a", partition, logStart, logEnd, committed },
});

it("a group that begins at the latest records reads none first of a partition that it has not begun", () => {
  const begin = [at(0, 10, 100), at(1, undefined, 50, 20)];
  expect([recordsToReadFirst(begin, "earliest"), recordsToReadFirst(begin, "latest")]).toEqual([90 + 30, 90]);
});

it("what is left of a backlog is what lies between the group and the ends that the logs had at the start", () => {
  const begin = [at(0, 10, 100), at(1, undefined, 50, 20), at(2, 7, 7)];
  expect(recordsLeft(begin, begin)).toBe(90 + 30);
  // New records do not count, nor does what retention took meanwhile.
  expect(recordsLeft(begin, [at(0, 60, 900), at(1, undefined, 80, 45), at(2, 9, 9)])).toBe(40 + 5);
  expect(recordsLeft(begin, [at(0, 400, 900), at(1, 50, 80), at(2, 9, 9)])).toBe(0);
});
