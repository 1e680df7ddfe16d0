import { describe, expect, it } from "vitest";
import { tokenScopeOf } from "../../core/origin.ts";
import { bundleIdOf } from "../../ingest/commit/bundle-id.ts";
import { type Piece, type TokenBatch, tokenOf } from "../../ingest/sink/pieces.ts";
import { readToken } from "./token-subject.ts";

const range = { topic: "logs.auth", partition: 3, firstOffset: 10, lastOffset: 29 };
const tokenScope = tokenScopeOf({ cluster: "c", group: "a/group of:2" });
const offsets = Float64Array.from({ length: 20 }, (_, index) => 10 + index);
const whole: Piece = { firstRow: 0, endRow: 20, shareCount: 1, shareIndex: 0 };

describe("readToken()", () => {
  it("reads the tokens that the sink makes of ranges: whole, rows, table partitions, dead letters", () => {
    const batch = { members: [{ ...range, rowCount: 20 }], tokenScope, offsets };
    expect(readToken(tokenOf(batch, whole))).toEqual(range);
    expect(readToken(tokenOf({ ...batch, tokenSuffix: "/dead" }, whole))).toEqual(range);
    expect(readToken(tokenOf(batch, { ...whole, shareCount: 4, shareIndex: 3 }))).toEqual(range);
    const rows = { firstRow: 5, endRow: 10, shareCount: 2, shareIndex: 1 };
    const ofRows = { ...range, firstOffset: 15, lastOffset: 19 };
    expect(readToken(tokenOf({ ...batch, tokenSuffix: "/dead" }, rows))).toEqual(ofRows);
  });

  it("reads those of bundles", () => {
    const members = [
      { ...range, rowCount: 12 },
      { ...range, partition: 4, rowCount: 8 },
    ];
    for (const judgedMs of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const bundleId = bundleIdOf(members, judgedMs);
      const batch: TokenBatch = { members, bundleId, tokenScope, offsets };
      expect(readToken(tokenOf(batch, whole))).toEqual({ bundleId });
      expect(readToken(tokenOf(batch, { ...whole, shareCount: 4, shareIndex: 3 }))).toEqual({ bundleId });
      for (const tokenSuffix of ["/dead", "/absent", "/lost", "/skipped"]) {
        expect(readToken(tokenOf({ ...batch, tokenSuffix }, whole))).toEqual({ bundleId });
      }
      const piece = { firstRow: 10, endRow: 15, shareCount: 2, shareIndex: 1 };
      const rows = { first: { member: 0, offset: 20 }, last: { member: 1, offset: 24 } };
      expect(readToken(tokenOf(batch, piece))).toEqual({ bundleId, rows });
      expect(readToken(tokenOf({ ...batch, tokenSuffix: "/dead" }, piece))).toEqual({ bundleId, rows });
      expect(readToken(tokenOf({ ...batch, tokenSuffix: "/absent" }, piece))).toEqual({ bundleId });
    }
  });

  it("reads those of gaps", () => {
    for (const reason of ["absent", "lost", "skipped"]) {
      expect(readToken(`${tokenScope}:logs.auth:3:10-29/${reason}`)).toEqual(range);
    }
  });

  it("knows a topic of that name from a bundle", () => {
    expect(readToken("c:g:bundle:3:10-29")).toEqual({ ...range, topic: "bundle" });
  });

  it("leaves alone what names no range", () => {
    const others = ["c:g:logs.auth:3", "c:g:logs.auth:3:10-29/else", "replay:1:logs.auth:3:10+1", "c:g:bundle:short"];
    for (const token of ["", ...others]) expect(readToken(token)).toBeUndefined();
  });
});
