import { describe, expect, it } from "vitest";
import { tokenScopeOf } from "../../core/origin.ts";
import { tokenOf } from "../../ingest/sink/pieces.ts";
import { InsertJournal, type JournalEntry, readDeadlineMs, readToken } from "./insert-journal.ts";

const range = { topic: "logs.auth", partition: 3, firstOffset: 10, lastOffset: 29 };
const tokenScope = tokenScopeOf({ cluster: "c", group: "a/group of:2" });
const offsets = Float64Array.from({ length: 20 }, (_, index) => 10 + index);

describe("readToken()", () => {
  it("reads the tokens that the sink makes: whole ranges, rows of them, table partitions, dead letters", () => {
    const batch = { members: [{ ...range, rowCount: 20 }], tokenScope, offsets };
    const whole = { firstRow: 0, endRow: 20, shareCount: 1, shareIndex: 0 };
    expect(readToken(tokenOf(batch, whole))).toEqual(range);
    expect(readToken(tokenOf({ ...batch, tokenSuffix: "/dead" }, whole))).toEqual(range);
    expect(readToken(tokenOf(batch, { ...whole, shareCount: 4, shareIndex: 3 }))).toEqual(range);
    const rows = { firstRow: 5, endRow: 10, shareCount: 2, shareIndex: 1 };
    const ofRows = { ...range, firstOffset: 15, lastOffset: 19 };
    expect(readToken(tokenOf({ ...batch, tokenSuffix: "/dead" }, rows))).toEqual(ofRows);
  });

  it("reads those of gaps", () => {
    for (const reason of ["absent", "lost", "skipped"]) {
      expect(readToken(`${tokenScope}:logs.auth:3:10-29/${reason}`)).toEqual(range);
    }
  });

  it("leaves alone what names no range", () => {
    for (const token of ["", "c:g:logs.auth:3", "c:g:logs.auth:3:10-29/else", "replay:1:logs.auth:3:10+1"]) {
      expect(readToken(token)).toBeUndefined();
    }
  });
});

describe("readDeadlineMs()", () => {
  it("reads the quiet fence and the loud one", () => {
    expect(readDeadlineMs("… WHERE now64(3) < fromUnixTimestamp64Milli(17) FORMAT Native")).toBe(17);
    expect(readDeadlineMs("… WHERE throwIf(now64(3) >= fromUnixTimestamp64Milli(18), 'x') = 0 FORMAT Native")).toBe(18);
    expect(readDeadlineMs("INSERT INTO t (a) FORMAT RowBinaryWithDefaults")).toBeUndefined();
  });
});

describe("InsertJournal.late", () => {
  it("counts inserts after their deadline, and those of them that have written", () => {
    const journal = new InsertJournal();
    const add = (entry: Partial<JournalEntry>) =>
      journal.add({
        ...range,
        atMs: 100,
        ingester: 1,
        token: "t",
        table: "a.b",
        deadlineMs: 200,
        sentMs: 100,
        status: 200,
        writtenRows: 20,
        fault: undefined,
        endedMs: 300,
        ...entry,
      });
    add({});
    add({ sentMs: 200, writtenRows: 0 });
    add({ sentMs: 300, status: 500, writtenRows: undefined });
    add({ sentMs: undefined, status: undefined });
    expect(journal.late).toEqual({ arrived: 2, written: 0 });
    add({ sentMs: 250 });
    expect(journal.late).toEqual({ arrived: 3, written: 1 });
  });
});
