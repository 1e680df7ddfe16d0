import { expect, it } from "vitest";
import { OldestUnread } from "./oldest-unread.ts";

it("is 0 where everything is read, and unknown before anything is", () => {
  const oldest = new OldestUnread();
  expect(oldest.ageMs(5, 9, 1_000)).toBeUndefined();
  expect(oldest.ageMs(9, 9, 1_000)).toBe(0);
});

it("takes the record's own time where it is known, else the last look at which it was not there", () => {
  const oldest = new OldestUnread();
  oldest.noteEnd(10, 1_000);
  oldest.noteEnd(10, 2_000);
  oldest.noteEnd(20, 3_000);
  expect(oldest.ageMs(10, 20, 3_500)).toBe(1_500);
  oldest.noteRecord(10, 2_900);
  // A look that comes late does not overrule it.
  oldest.noteEnd(10, 3_400);
  expect(oldest.ageMs(10, 20, 3_500)).toBe(600);
});

it("interpolates between two points, and forgets what was read", () => {
  const oldest = new OldestUnread();
  oldest.noteEnd(0, 0);
  oldest.noteEnd(100, 10_000);
  oldest.noteEnd(200, 20_000);
  expect(oldest.ageMs(50, 200, 20_000)).toBe(15_000);
  expect(oldest.ageMs(150, 200, 20_000)).toBe(5_000);
  // Back below what is forgotten: at least so old.
  expect(oldest.ageMs(50, 200, 20_000)).toBe(10_000);
});

it("says what lay there before the first look is as old as that at least, until it is fetched", () => {
  const oldest = new OldestUnread();
  oldest.noteEnd(1_000, 50_000);
  expect(oldest.ageMs(0, 1_000, 60_000)).toBe(10_000);
  oldest.noteRecord(0, 7_000);
  expect(oldest.ageMs(0, 1_000, 60_000)).toBe(53_000);
});

it("is never negative, whatever the producer's clock says", () => {
  const oldest = new OldestUnread();
  oldest.noteRecord(3, 99_000);
  expect(oldest.ageMs(3, 4, 60_000)).toBe(0);
});

it("keeps a bounded number of points, and stays near the truth", () => {
  const oldest = new OldestUnread();
  for (let second = 0; second < 100_000; second += 1) oldest.noteEnd(second * 10, second * 1_000);
  const ageMs = oldest.ageMs(500_000, 999_990, 100_000_000)!;
  expect(Math.abs(ageMs - 50_000_000)).toBeLessThan(1_000);
});
