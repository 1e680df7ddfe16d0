import { describe, expect, it } from "vitest";
import { conditionOf, parseInstantMs, parseOffsets } from "./filter.ts";

describe("conditionOf()", () => {
  it("is true for everything without a filter", () => {
    expect(conditionOf({})).toEqual({ sql: "true", params: {} });
  });

  it("passes what a person typed as parameters, never as SQL", () => {
    const { sql, params } = conditionOf({ topics: ["a'b"], text: "') OR 1 --", offsets: [3, 9] });
    expect(sql).not.toContain("'");
    expect(params).toEqual({ topics: ["a'b"], text: "') OR 1 --", firstOffset: 3, lastOffset: 9 });
  });
});

describe("parseInstantMs()", () => {
  const nowMs = Date.UTC(2026, 5, 2);
  it.each([
    ["1d", Date.UTC(2026, 5, 1)],
    ["2026-07-01", Date.UTC(2026, 6, 1)],
    ["2026-07-01 10:30", Date.UTC(2026, 6, 1, 10, 30)],
    ["2026-07-01T10:30:00.250Z", Date.UTC(2026, 6, 1, 10, 30, 0, 250)],
    ["2026-07-01T10:30:00+02:00", Date.UTC(2026, 6, 1, 8, 30)],
  ])("reads %s", (text, expected) => expect(parseInstantMs("--since", text, nowMs)).toBe(expected));

  it.each(["yesterday", "2026-13-01", "10", "2026-07-01T10", ""])("refuses %j", (text) => {
    expect(() => parseInstantMs("--since", text, nowMs)).toThrow(/--since .*duration/);
  });
});

describe("parseOffsets()", () => {
  it("reads one offset or a range", () => {
    expect([parseOffsets("--offset", "17"), parseOffsets("--offset", "17-93")]).toEqual([
      [17, 17],
      [17, 93],
    ]);
  });
  it.each(["93-17", "-1", "x", "1-"])("refuses %j", (text) => expect(() => parseOffsets("--offset", text)).toThrow());
});
