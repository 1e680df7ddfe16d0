import { expect, it } from "vitest";
import { noLateRows } from "../core/lateness.ts";
import { countBundle, createCounters, reportedCounts } from "./counters.ts";

const counts = {
  deadByType: { json_syntax: 2 },
  coercions: { status: 3 },
  unknownFields: 4,
  unwrapped: 5,
  eventTimeFromKafka: 6,
  lateByBand: { ...noLateRows(), "1h-1d": 7 },
  declined: 8,
};
const deadLetters = { rowCount: 2 };

it("adds up what ranges bring, and begins with nothing", () => {
  const counters = createCounters();
  expect(counters).toMatchObject({ stored: 0, deadByType: {}, lateByBand: noLateRows(), firstRowMs: undefined });
  countBundle(counters, { byteLength: 100, ranges: [1, 2] }, 0, { deadLetters, counts });
  expect(counters.firstRowMs).toBeUndefined();
  countBundle(counters, { byteLength: 50, ranges: [1] }, 9, {
    deadLetters,
    counts: { ...counts, coercions: { path: 1 } },
  });
  expect(counters).toMatchObject({
    stored: 9,
    dead: 4,
    inputBytes: 150,
    insertedRanges: 3,
    insertedBundles: 2,
    declined: 16,
  });
  expect(counters).toMatchObject({ deadByType: { json_syntax: 4 }, coercions: { status: 3, path: 1 } });
  expect(counters.lateByBand).toEqual({ ...noLateRows(), "1h-1d": 14 });
  expect(counters.firstRowMs).toBeGreaterThan(0);
  expect(createCounters()).toMatchObject({ deadByType: {}, lateByBand: noLateRows() });
});

it("reports what programs read from the end report under these names", () => {
  expect(Object.keys(reportedCounts(createCounters())).join(" ")).toBe(
    "coercions unknownFields unwrapped eventTimeFromKafka lateByBand declined insertedRanges insertedBundles insertRetries slowDowns " +
      "lateInserts splitInserts replayedRanges abandonedBundles lostOffsets unread workerRestarts pauses sourceRestarts",
  );
});
