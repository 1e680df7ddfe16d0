import { expect, it } from "vitest";
import { OpenRanges } from "./left-over.ts";

it("what is left are the ranges that were cut and no committed offset covers", () => {
  const open = new OpenRanges();
  open.add({ topic: "a", partition: 0, firstOffset: 0, lastOffset: 9 });
  open.add({ topic: "a", partition: 0, firstOffset: 10, lastOffset: 14 });
  open.add({ topic: "b", partition: 3, firstOffset: 7, lastOffset: 7 });
  open.committed({ topic: "a", partition: 0, offset: 10 });
  expect(open.left).toEqual({ ranges: 2, records: 6, partitions: ["a:0", "b:3"] });
  open.committed({ topic: "b", partition: 3, offset: 8 });
  expect(open.left).toEqual({ ranges: 1, records: 5, partitions: ["a:0"] });
  open.forget({ topic: "a", partition: 0 });
  open.add({ topic: "a", partition: 0, firstOffset: 15, lastOffset: 19 });
  expect(open.left.ranges).toBe(0);
  open.begin();
  open.add({ topic: "a", partition: 0, firstOffset: 0, lastOffset: 0 });
  expect(open.left.ranges).toBe(1);
  open.begin();
  expect(open.left).toEqual({ ranges: 0, records: 0, partitions: [] });
});
