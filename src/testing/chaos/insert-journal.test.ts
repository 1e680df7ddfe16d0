import { describe, expect, it } from "vitest";
import { bundleIdOf } from "../../ingest/commit/bundle-id.ts";
import { encodeIntents } from "../../ingest/commit/intents.ts";
import { InsertJournal, type JournalEntry, readDeadlineMs } from "./insert-journal.ts";

const range = { topic: "logs.auth", partition: 3, firstOffset: 10, lastOffset: 29 };

function entryOf(entry: Partial<JournalEntry>): JournalEntry {
  return {
    subject: range,
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
  };
}

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
    const add = (entry: Partial<JournalEntry>) => journal.add(entryOf(entry));
    add({});
    add({ sentMs: 200, writtenRows: 0 });
    add({ sentMs: 300, status: 500, writtenRows: undefined });
    add({ sentMs: undefined, status: undefined });
    expect(journal.late).toEqual({ arrived: 2, written: 0 });
    add({ sentMs: 250 });
    expect(journal.late).toEqual({ arrived: 3, written: 1 });
  });
});

describe("InsertJournal with bundles", () => {
  const members = [
    { topic: "logs.auth", partition: 3, firstOffset: 10, lastOffset: 29 },
    { topic: "logs.auth", partition: 4, firstOffset: 0, lastOffset: 9 },
    { topic: "logs.order", partition: 0, firstOffset: 50, lastOffset: 59 },
  ];
  const bundle = { id: bundleIdOf(members, 7), count: 3 };
  const announce = (journal: InsertJournal, named = members) => {
    for (const member of named) {
      journal.bundles.note({ ...member, metadata: encodeIntents([{ ...member, judgedMs: 7, bundle }]) });
    }
  };

  it("finds the inserts that touch any of a bundle's ranges", () => {
    const journal = new InsertJournal();
    announce(journal, members.toReversed());
    journal.add(entryOf({ subject: { bundleId: bundle.id } }));
    journal.add(entryOf({}));
    expect(journal.unannounced).toEqual([]);
    expect(journal.touching("logs.auth", 3, 29, 40)).toHaveLength(2);
    expect(journal.touching("logs.auth", 4, 9, 9)).toHaveLength(1);
    expect(journal.touching("logs.order", 0, 60, 70)).toHaveLength(0);
    expect(journal.touching("logs.order", 1, 50, 59)).toHaveLength(0);
  });

  it("takes the ranges of rows of a bundle only", () => {
    const journal = new InsertJournal();
    announce(journal);
    const rows = { first: { member: 1, offset: 4 }, last: { member: 2, offset: 52 } };
    journal.add(entryOf({ subject: { bundleId: bundle.id, rows } }));
    expect(journal.touching("logs.auth", 3, 0, 100)).toHaveLength(0);
    expect(journal.touching("logs.auth", 4, 0, 3)).toHaveLength(0);
    expect(journal.touching("logs.auth", 4, 0, 4)).toHaveLength(1);
    expect(journal.touching("logs.order", 0, 53, 59)).toHaveLength(0);
  });

  it("tells of a bundle that came before commits had named all its ranges, also when they do later", () => {
    const journal = new InsertJournal();
    announce(journal, members.slice(0, 2));
    const entry = entryOf({ subject: { bundleId: bundle.id } });
    journal.add(entry);
    announce(journal);
    expect(journal.unannounced).toEqual([entry]);
    expect(journal.touching("logs.order", 0, 50, 50)).toEqual([entry]);
  });

  it("does not believe ranges that the id does not name", () => {
    const journal = new InsertJournal();
    announce(journal, [{ ...members[0]!, lastOffset: 28 }, ...members.slice(1)]);
    expect(journal.bundles.membersOf(bundle.id)).toBeUndefined();
    announce(journal);
    expect(journal.bundles.membersOf(bundle.id)).toEqual(members);
  });

  it("leaves alone what another program has committed", () => {
    const journal = new InsertJournal();
    journal.bundles.note({ topic: "t", partition: 0, metadata: "something else" });
    expect(journal.unannounced).toEqual([]);
  });
});
