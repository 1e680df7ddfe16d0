import { describe, expect, it } from "vitest";
import { tokenScopeOf } from "../../core/origin.ts";
import { splitByPartitions, splitByRows, tokenOf } from "./pieces.ts";

describe("pieces of a range", () => {
  const members = [{ topic: "logs.auth", partition: 3, firstOffset: 10, lastOffset: 99, rowCount: 5 }];
  const range = { members, offsets: Float64Array.of(12, 20, 31, 77, 90) };
  const whole = { firstRow: 0, endRow: 5, shareCount: 1, shareIndex: 0 };

  it("have tokens of the range's bounds for the whole, and of their own rows' offsets and number for a cut by rows", () => {
    const [first, second] = splitByRows(whole);
    expect([whole, first, second].map((piece) => tokenOf(range, piece))).toEqual([
      "logs.auth:3:10-99",
      "logs.auth:3:12-20/2",
      "logs.auth:3:31-90/3",
    ]);
  });

  it("by partitions cover the hashes of the piece they come from, and no other", () => {
    const leaves = splitByPartitions(whole).flatMap((piece) =>
      piece.shareIndex === 1 ? splitByPartitions(piece) : [piece],
    );
    expect(leaves.map((piece) => tokenOf(range, piece))).toEqual([
      "logs.auth:3:10-99/0.2",
      "logs.auth:3:10-99/1.4",
      "logs.auth:3:10-99/3.4",
    ]);
    for (let hash = 0; hash < 16; hash += 1) {
      expect(leaves.filter(({ shareCount, shareIndex }) => hash % shareCount === shareIndex)).toHaveLength(1);
    }
  });

  it("have the batch's scope before it, which no name of a group can imitate", () => {
    const scoped = (cluster: string, group: string) =>
      tokenOf({ ...range, tokenScope: tokenScopeOf({ cluster, group }) }, whole);
    expect(scoped("kafka-1", "millrace.events")).toBe("kafka-1:millrace.events:logs.auth:3:10-99");
    expect(scoped("a", "b:logs/é %")).toBe("a:b%3Alogs%2F%C3%A9%20%25:logs.auth:3:10-99");
    expect(new Set([scoped("a:b", ""), scoped("a", "b"), scoped("", "a:b"), scoped("", "a%3Ab")]).size).toBe(4);
  });

  it("have the batch's suffix after all that", () => {
    const [piece] = splitByPartitions(splitByRows(whole)[1]);
    expect(tokenOf({ ...range, tokenSuffix: "/dead" }, piece)).toBe("logs.auth:3:31-90/3/0.2/dead");
  });
});
