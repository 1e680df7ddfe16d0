import { expect, it } from "vitest";
import { FetchPace } from "./fetch-pace.ts";

const MIB = 1024 * 1024;

it("puts the next fetch off while a light load lasts, broker by broker", () => {
  const pace = new FetchPace();
  expect(pace.restMs(1, 1_000)).toBe(0);
  pace.returned(1, { byteCount: 500, partitionCount: 10 }, 1_000);
  expect(pace.restMs(1, 1_000)).toBe(25);
  expect(pace.restMs(1, 1_010)).toBe(15);
  expect(pace.restMs(1, 2_000)).toBe(0);
  expect(pace.restMs(2, 1_000)).toBe(0);
});

it("does not put off a fetch after one that brought nothing, so that the first event does not wait", () => {
  const pace = new FetchPace();
  pace.returned(1, { byteCount: 500, partitionCount: 10 }, 1_000);
  pace.returned(1, { byteCount: 0, partitionCount: 10 }, 1_100);
  expect(pace.restMs(1, 1_100)).toBe(0);
});

it("does not put off a fetch after one that brought much", () => {
  const pace = new FetchPace();
  pace.returned(1, { byteCount: MIB, partitionCount: 10 }, 1_000);
  expect(pace.restMs(1, 1_000)).toBe(0);
});

it("puts it off for longer when many partitions had something, within a bound", () => {
  const pace = new FetchPace();
  const restAfter = (partitionCount: number) => {
    pace.returned(1, { byteCount: 500 * partitionCount, partitionCount }, 1_000);
    return pace.restMs(1, 1_000);
  };
  expect([1, 100, 200, 500].map(restAfter)).toEqual([25, 30, 60, 75]);
});

it("lets a broker that had nothing for a second keep a fetch for longer, until it has something", () => {
  const pace = new FetchPace();
  const nothing = { byteCount: 0, partitionCount: 0 };
  expect(pace.waitMs(1, 100, 0)).toBe(100);
  for (let nowMs = 0; nowMs <= 900; nowMs += 100) pace.returned(1, nothing, nowMs);
  expect(pace.waitMs(1, 100, 999)).toBe(100);
  expect(pace.waitMs(1, 100, 1_000)).toBe(500);
  expect(pace.waitMs(2, 100, 1_000)).toBe(100);
  pace.returned(1, { byteCount: 1, partitionCount: 1 }, 1_100);
  expect(pace.waitMs(1, 100, 9_000)).toBe(100);
});
