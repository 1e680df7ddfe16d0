import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "../../core/clock.ts";
import { WaitNotes } from "./wait-notes.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("tells of a plan that waits: after a while, again each minute, and no more once it goes on", () => {
  const told: [string, string][] = [];
  const notes = new WaitNotes(systemClock, (planKey, text) => told.push([planKey, text]));
  const [first, second] = [{}, {}];
  notes.note("a", first, [{ topic: "t", partition: 3 }]);
  notes.note(
    "a",
    second,
    [0, 1, 2, 3, 4, 5, 6].map((partition) => ({ topic: "t", partition })),
  );
  notes.note("b", {}, []);
  vi.advanceTimersByTime(11_000);
  expect(told).toEqual([
    ["a", expect.stringMatching(/\(2\): ranges before them are not stored yet, of t:3\./)],
    ["b", expect.stringContaining("(1): the group's commit has no room")],
  ]);
  notes.note("a", first, undefined);
  vi.advanceTimersByTime(60_000);
  expect(told.slice(2).map(([planKey]) => planKey)).toEqual(["a", "b"]);
  expect(told[2]![1]).toContain("(1): ranges before them are not stored yet, of t:0, t:1, t:2, t:3, t:4 and 2 more.");
  notes.note("a", second, undefined);
  vi.advanceTimersByTime(60_000);
  expect(told.slice(4).map(([planKey]) => planKey)).toEqual(["b"]);
});
