import { describe, expect, it } from "vitest";
import { judgeSide } from "./side-pipeline.ts";

const known = [
  { topic: "stays", sure: 100, produced: 100 },
  { topic: "gone", sure: 30, produced: 60 },
];
const row = (topic: string, rows: number, offsets: number, last: number) => ({
  topic,
  row_count: String(rows),
  offsets: String(offsets),
  last: String(last),
});

describe("judgeSide()", () => {
  it("takes any part of what a deleted topic had beyond what was surely stored", () => {
    expect(judgeSide(known, [row("stays", 100, 100, 99), row("gone", 30, 30, 29)])).toEqual([]);
    expect(judgeSide(known, [row("stays", 100, 100, 99), row("gone", 47, 47, 46)])).toEqual([]);
  });

  it("finds a doubled row, a lost record, an offset that no log had, and a topic without a row", () => {
    expect(judgeSide(known, [row("stays", 101, 100, 99), row("gone", 29, 29, 60)])).toEqual([
      "stays: 1 rows too many",
      "gone: 1 of 30 records are not in analytics.chaos_side",
      "gone: a row of offset 60, the log had 60 records",
    ]);
    expect(judgeSide(known, [row("gone", 30, 30, 29)])).toEqual([
      "stays: 100 of 100 records are not in analytics.chaos_side",
    ]);
  });
});
