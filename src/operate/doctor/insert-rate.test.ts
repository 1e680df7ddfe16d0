import { describe, expect, it } from "vitest";
import { durationText, estimateEntryRate, roundUp, windowSpanMs } from "./insert-rate.ts";
import { plan, setUp, table } from "./testing/fixtures.ts";

const profile = { name: "test", flushRows: 50_000, flushIntervalMs: 400, insertsMax: 2, bytesMax: 200_000_000 };
const horizon = { column: "event_ts", backMs: 7 * 86_400_000, aheadMs: 3_600_000 };

describe("estimateEntryRate()", () => {
  it("is what the age of quiet partitions causes, however many instances share them", () => {
    const one = estimateEntryRate(setUp({ profile }), table({ partitionKey: "" }), 12, 1);
    expect([one.usualPerSecond, one.worstPerSecond]).toEqual([30, 30]);
    expect(estimateEntryRate(setUp({ profile, vcpus: 1 }), table({ partitionKey: "" }), 12, 3).usualPerSecond).toBe(30);
  });

  it("takes an entry for each event day that late records can touch", () => {
    const withDays = setUp({ profile, plans: [plan({ horizon })] });
    expect(estimateEntryRate(withDays, table({ partitionKey: "toDate(event_ts)" }), 12, 1).worstPerSecond).toBe(30 * 9);
    const unbounded = setUp({ profile, plans: [plan({ horizon: undefined })] });
    expect(estimateEntryRate(unbounded, table({ partitionKey: "toDate(event_ts)" }), 12, 1).worstPerSecond).toBe(300);
  });

  it("is what the machine can transcode while a backlog is drained, bounded by the insert slots", () => {
    const small = { ...profile, flushRows: 2_000 };
    const drained = estimateEntryRate(setUp({ profile: small }), table({ partitionKey: "" }), 1, 1);
    expect(drained.worstPerSecond).toBe(400);
    const large = { ...profile, flushRows: 200_000 };
    expect(estimateEntryRate(setUp({ profile: large }), table({ partitionKey: "" }), 1, 1).worstPerSecond).toBe(5);
  });
});

describe("windowSpanMs(), roundUp(), durationText()", () => {
  it("turn entries into a time and times into words", () => {
    expect(windowSpanMs(100_000, 250)).toBe(400_000);
    expect(windowSpanMs(100_000, 0)).toBe(Number.POSITIVE_INFINITY);
    expect([1, 9, 11, 1234, 100_000].map(roundUp)).toEqual([1, 9, 20, 2_000, 100_000]);
    expect([40_000, 119_999, 120_000, 7_200_000, 172_800_000, Infinity].map(durationText)).toEqual([
      "40 s",
      "119 s",
      "2 min",
      "2 h",
      "2 days",
      "for ever",
    ]);
  });
});
