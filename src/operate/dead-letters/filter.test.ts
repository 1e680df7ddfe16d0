import { describe, expect, it } from "vitest";
import { conditionOf, parseOffsets } from "./filter.ts";

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

describe("parseOffsets()", () => {
  it("reads one offset or a range", () => {
    expect([parseOffsets("--offset", "17"), parseOffsets("--offset", "17-93")]).toEqual([
      [17, 17],
      [17, 93],
    ]);
  });
  it.each(["93-17", "-1", "x", "1-"])("refuses %j", (text) => expect(() => parseOffsets("--offset", text)).toThrow());
});
