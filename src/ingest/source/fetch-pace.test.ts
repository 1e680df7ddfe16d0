import { expect, it } from "vitest";
import { type Brought, FetchPace } from "./fetch-pace.ts";

const MIB = 1024 * 1024;
const some = { byteCount: 500, hasMore: false };
const nothing = { byteCount: 0, hasMore: false };

/** How long the next fetch is put off. */
function restMs(pace: FetchPace, nodeId: number, nowMs: number): number {
  return Math.max(0, pace.nextMs(nodeId) - nowMs);
}

it("puts the next fetch off until the next tick while a light load lasts, for all brokers until the same", () => {
  const pace = new FetchPace(200);
  expect(restMs(pace, 1, 1_010)).toBe(0);
  pace.returned(1, some, 1_010);
  expect(restMs(pace, 1, 1_010)).toBe(190);
  expect(restMs(pace, 1, 1_150)).toBe(50);
  expect(restMs(pace, 1, 1_200)).toBe(0);
  expect(restMs(pace, 2, 1_010)).toBe(0);
  pace.returned(2, some, 1_130);
  expect(restMs(pace, 2, 1_130)).toBe(70);
});

it.each([
  [5, 25],
  [10, 25],
  [24, 25],
  [25, 25],
  [250, 250],
  [400, 200],
  [2_000, 250],
])(
  "with a flush interval of %i ms asks every %i ms at the most, at the beginning of ticks where they are as long",
  (intervalMs, stepMs) => {
    const pace = new FetchPace(intervalMs);
    pace.returned(1, some, 6_000);
    expect(restMs(pace, 1, 6_000)).toBe(stepMs);
    pace.returned(1, some, 6_000 - 1);
    expect(restMs(pace, 1, 6_000 - 1)).toBe(1);
  },
);

it.each([
  ["nothing, so that the first event does not wait", nothing],
  ["much", { byteCount: MIB, hasMore: false }],
  ["not all that there was", { byteCount: 500, hasMore: true }],
])("does not put off a fetch after one that brought %s", (_what, brought) => {
  const pace = new FetchPace(200);
  pace.returned(1, some, 1_010);
  pace.returned(1, brought, 1_020);
  expect(restMs(pace, 1, 1_020)).toBe(0);
});

it("has caught up when the batches of every broker were handed over", () => {
  const pace = new FetchPace(200);
  for (const nodeId of [1, 2]) {
    pace.returned(nodeId, some, 1_010);
    pace.asked(nodeId, 100, 1_200);
  }
  pace.returned(1, some, 1_203);
  expect(pace.catchesUpInMs(1_205)).toBe(45);
  pace.returned(2, some, 1_230);
  expect(pace.catchesUpInMs(1_231)).toBe(0);
});

it("does not wait for a broker that had nothing, or takes long: it keeps the fetch until something comes", () => {
  const pace = new FetchPace(200);
  pace.returned(1, some, 1_000);
  pace.returned(2, nothing, 1_000);
  pace.asked(2, 100, 1_001);
  expect(pace.catchesUpInMs(1_002)).toBe(0);
  pace.returned(2, some, 1_003);
  pace.asked(2, 100, 1_200);
  expect(pace.catchesUpInMs(1_201)).toBe(49);
  expect(pace.catchesUpInMs(1_250)).toBe(0);
});

it("waits for a broker whose rest is over, asked or not: its timer may be late", () => {
  const pace = new FetchPace(200);
  pace.returned(1, some, 1_010);
  pace.returned(2, nothing, 1_010);
  expect(pace.catchesUpInMs(1_199)).toBe(0);
  // An event of the second, which kept its fetch, comes right at the tick.
  pace.returned(2, some, 1_201);
  expect(pace.catchesUpInMs(1_201)).toBe(49);
  pace.asked(1, 100, 1_202);
  pace.returned(1, some, 1_204);
  expect(pace.catchesUpInMs(1_204)).toBe(0);
});

it("waits longer for a broker whose answers come from far away", () => {
  const pace = new FetchPace(200);
  const [far, near] = [1, 2];
  for (let tickMs = 1_000; tickMs <= 1_400; tickMs += 200) {
    for (const nodeId of [far, near]) pace.asked(nodeId, 100, tickMs);
    pace.returned(near, some, tickMs + 2);
    pace.returned(far, some, tickMs + 80);
  }
  pace.asked(far, 100, 1_600);
  pace.returned(near, some, 1_602);
  expect(pace.catchesUpInMs(1_670)).toBe(50);
  pace.returned(far, some, 1_680);
  expect(pace.catchesUpInMs(1_681)).toBe(0);
});

it("does not take a broker for far away that waited for something to come", () => {
  const pace = new FetchPace(200);
  const answers: [askedMs: number, answeredMs: number, brought: Brought][] = [
    [1_000, 1_090, some],
    [1_200, 1_302, nothing],
    [1_302, 1_390, some],
  ];
  for (const [askedMs, answeredMs, brought] of answers) {
    pace.asked(1, 100, askedMs);
    pace.returned(1, brought, answeredMs);
  }
  pace.asked(1, 100, 1_400);
  expect(pace.catchesUpInMs(1_400)).toBe(50);
});

it("has not caught up while a broker has more", () => {
  const pace = new FetchPace(200);
  pace.returned(1, { byteCount: 500, hasMore: true }, 1_000);
  expect(restMs(pace, 1, 1_001)).toBe(0);
  expect(pace.catchesUpInMs(1_001)).toBe(49);
});

it("lets a broker that had nothing for a second keep a fetch for longer, until it has something", () => {
  const pace = new FetchPace(200);
  expect(pace.waitMs(1, 100, 0)).toBe(100);
  for (let nowMs = 0; nowMs <= 900; nowMs += 100) pace.returned(1, nothing, nowMs);
  expect(pace.waitMs(1, 100, 999)).toBe(100);
  expect(pace.waitMs(1, 100, 1_000)).toBe(500);
  expect(pace.waitMs(2, 100, 1_000)).toBe(100);
  pace.returned(1, some, 1_100);
  expect(pace.waitMs(1, 100, 9_000)).toBe(100);
});
