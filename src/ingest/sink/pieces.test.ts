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

describe("pieces of a bundle", () => {
  const member = (topic: string, partition: number, rowCount: number) => ({
    ...{ topic, partition, rowCount },
    firstOffset: 10,
    lastOffset: 99,
  });
  // The second has no row in this batch.
  const members = [member("logs.auth", 3, 2), member("logs.auth", 4, 0), member("logs.web", 0, 3)];
  const bundle = { members, bundleId: "AbC-_0123456789x", offsets: Float64Array.of(12, 20, 11, 12, 20) };
  const whole = { firstRow: 0, endRow: 5, shareCount: 1, shareIndex: 0 };

  it("have tokens of its id for the whole, and of their own rows' members, offsets and number for a cut by rows", () => {
    const [first, second] = splitByRows(whole);
    const [third, last] = splitByRows(second);
    expect([whole, first, second, third, last].map((piece) => tokenOf(bundle, piece))).toEqual([
      "bundle:AbC-_0123456789x",
      "bundle:AbC-_0123456789x/0:12-0:20/2",
      "bundle:AbC-_0123456789x/2:11-2:20/3",
      "bundle:AbC-_0123456789x/2:11-2:11/1",
      "bundle:AbC-_0123456789x/2:12-2:20/2",
    ]);
    expect(tokenOf(bundle, { ...whole, firstRow: 1, endRow: 3 })).toBe("bundle:AbC-_0123456789x/0:20-2:11/2");
  });

  it("tell rows of one offset in two members apart", () => {
    const tokens = [...bundle.offsets.keys()].map((row) =>
      tokenOf(bundle, { ...whole, firstRow: row, endRow: row + 1 }),
    );
    expect(new Set(tokens).size).toBe(5);
  });

  it("have scope before, share and suffix behind, as those of a range", () => {
    const [, share] = splitByPartitions(whole);
    const scoped = { ...bundle, tokenScope: "c:g", tokenSuffix: "/dead" };
    expect(tokenOf(scoped, share)).toBe("c:g:bundle:AbC-_0123456789x/1.2/dead");
    expect(tokenOf(scoped, { ...share, endRow: 2 })).toBe("c:g:bundle:AbC-_0123456789x/0:12-0:20/2/1.2/dead");
  });

  it("of a bundle of which one range has rows are the bundle's all the same", () => {
    const gap = {
      ...bundle,
      members: [member("logs.web", 0, 1)],
      offsets: Float64Array.of(50),
      tokenSuffix: "/absent",
    };
    expect(tokenOf(gap, { ...whole, endRow: 1 })).toBe("bundle:AbC-_0123456789x/absent");
  });
});
