import { describe, expect, it } from "vitest";
import { isOver, windowOf } from "./token-memory.ts";

const defaults = new Map([
  ["non_replicated_deduplication_window", "0"],
  ["replicated_deduplication_window", "10000"],
  ["replicated_deduplication_window_seconds", "3600"],
]);
const hourMs = 3_600_000;

describe("windowOf()", () => {
  const of = (engine: string, engineFull: string) =>
    windowOf({ database: "d", name: "t", engine, engineFull }, defaults);

  it("reads a plain table's own setting, and that it does not go by time", () => {
    const full =
      "MergeTree ORDER BY id SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 100000";
    expect(of("MergeTree", full)).toMatchObject({ isReplicated: false, inserts: 100_000, seconds: Infinity });
    expect(of("MergeTree", "MergeTree ORDER BY id")).toMatchObject({ inserts: 0 });
  });

  it("takes the server's defaults where a replicated table says nothing", () => {
    const full = "ReplicatedMergeTree('/t', 'r') ORDER BY id";
    expect(of("ReplicatedMergeTree", full)).toMatchObject({ isReplicated: true, inserts: 10_000, seconds: 3_600 });
    const own = `${full} SETTINGS replicated_deduplication_window_seconds = 86400`;
    expect(of("ReplicatedReplacingMergeTree", own)).toMatchObject({ inserts: 10_000, seconds: 86_400 });
    expect(of("SharedMergeTree", "SharedMergeTree('/t', 'r') ORDER BY id")).toMatchObject({ isReplicated: true });
  });
});

describe("isOver()", () => {
  it("calls the server's hour over before an hour, a day not, and a plain table's window never", () => {
    expect([0.8 * hourMs, 0.95 * hourMs, 3 * hourMs].map((ageMs) => isOver({ seconds: 3_600 }, ageMs))).toEqual([
      false,
      true,
      true,
    ]);
    expect(isOver({ seconds: 86_400 }, 3 * hourMs)).toBe(false);
    expect(isOver({ seconds: Number.POSITIVE_INFINITY }, 1_000 * hourMs)).toBe(false);
  });
});
