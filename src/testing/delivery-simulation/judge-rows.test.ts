import { describe, expect, it } from "vitest";
import { judgeRows } from "./judge-rows.ts";

const logs = [
  {
    batches: [
      { baseOffset: 0, lastOffset: 1 },
      { baseOffset: 2, lastOffset: 2 },
    ],
  },
  { batches: [] },
];
const rows = { "0:0": 1, "0:1": 1, "0:2": 1 };

describe("judgeRows()", () => {
  it.each([
    ["each record once", rows, { missing: 0, duplicate: 0 }],
    ["a lost record", { "0:0": 1, "0:2": 1 }, { missing: 1, duplicate: 0 }],
    ["a doubled row", { ...rows, "0:1": 2 }, { missing: 0, duplicate: 1 }],
    ["one lost and one doubled", { "0:0": 2, "0:1": 1 }, { missing: 1, duplicate: 1 }],
    ["a row of a record that no log has", { ...rows, "0:3": 1 }, { missing: 0, duplicate: 1 }],
    ["a row of another partition", { "0:0": 1, "0:1": 1, "1:2": 1 }, { missing: 1, duplicate: 1 }],
  ])("sees %s", (_what, stored, expected) => {
    expect(judgeRows(logs, new Map(Object.entries(stored)))).toEqual({ records: 3, ...expected });
  });

  it("does not miss a record that was deleted unread, and sees it doubled", () => {
    const deleted = [{ batches: [{ baseOffset: 0, lastOffset: 0, isGone: true }] }];
    expect(judgeRows(deleted, new Map())).toEqual({ records: 0, missing: 0, duplicate: 0 });
    expect(judgeRows(deleted, new Map([["0:0", 2]]))).toEqual({ records: 1, missing: 0, duplicate: 1 });
  });
});
