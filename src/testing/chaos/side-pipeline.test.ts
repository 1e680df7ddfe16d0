import { describe, expect, it } from "vitest";
import { judgeSide } from "./side-pipeline.ts";

const known = [
  { topic: "stays", partition: 0, sure: 100, produced: 100 },
  { topic: "gone", partition: 0, sure: 30, produced: 60 },
];
const row = (topic: string, rows: number, offsets: number, last: number) => ({
  ...{ topic, partition: 0 },
  row_count: String(rows),
  offsets: String(offsets),
  last: String(last),
});

describe("judgeSide()", () => {
  it("takes any part of what a deleted topic had beyond what was surely stored", () => {
    expect(judgeSide(known, [row("stays", 100, 100, 99), row("gone", 30, 30, 29)])).toEqual([]);
    expect(judgeSide(known, [row("stays", 100, 100, 99), row("gone", 47, 47, 46)])).toEqual([]);
  });

  it("judges each partition by its own log", () => {
    const stays = { topic: "stays", partition: 1, sure: 10, produced: 10 };
    expect(judgeSide([...known.slice(0, 1), stays], [row("stays", 100, 100, 99)])).toEqual([
      "stays:1: 10 of 10 records are not in analytics.chaos_side",
    ]);
    const rows = [row("stays", 100, 100, 99), { ...row("stays", 11, 11, 10), partition: 1 }];
    expect(judgeSide([...known.slice(0, 1), stays], rows)).toEqual([
      "stays:1: a row of offset 10, the log had 10 records",
    ]);
  });

  it("finds a doubled row, a lost record, an offset that no log had, and a topic without a row", () => {
    expect(judgeSide(known, [row("stays", 101, 100, 99), row("gone", 29, 29, 60)])).toEqual([
      "stays:0: 1 rows too many",
      "gone:0: 1 of 30 records are not in analytics.chaos_side",
      "gone:0: a row of offset 60, the log had 60 records",
    ]);
    expect(judgeSide(known, [row("gone", 30, 30, 29)])).toEqual([
      "stays:0: 100 of 100 records are not in analytics.chaos_side",
    ]);
  });
});
