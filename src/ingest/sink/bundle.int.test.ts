import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Lease } from "../../core/lease.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { memberIndexOf } from "./member-rows.ts";
import type { SinkBatch, SinkOptions } from "./sink.ts";
import {
  bundle,
  createTables,
  into,
  members,
  ROWS,
  replayOf,
  sinkOf,
  storedIn,
  type Told,
} from "./testing/bundle-tables.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { bundleOf, fencedFormats, idsOf, longLease, nativeOf, windowSql } from "./testing/rows.ts";

let engine: TestEngine;
let told: Told;
beforeAll(async () => {
  engine = await startEngine();
  await engine.run("CREATE DATABASE d");
});
afterAll(() => engine.close());
beforeEach(() => {
  told = { splits: [], found: [], forgotten: [] };
});

const sink = (more?: Partial<SinkOptions>) => sinkOf(engine, told, more);
const stored = () => storedIn(engine);
const all = { rows: ROWS, ids: ROWS, viewed: ROWS };

describe("a bundle", () => {
  it("is stored once, by rows and as a block, under one token", async () => {
    await createTables(engine);
    for (const [, encode] of [...fencedFormats, ...fencedFormats]) {
      const outcome = await sink().store(replayOf(encode(bundle())), longLease);
      expect(outcome).toMatchObject({ refusals: [], refusedWhole: undefined });
      expect(await stored()).toEqual(all);
    }
    expect(
      await engine.row(
        "SELECT groupArray((topic, p, n)) AS places FROM (SELECT toString(topic) AS topic, " +
          "kafka_partition AS p, toUInt32(count()) AS n FROM d.fact GROUP BY ALL ORDER BY ALL)",
      ),
    ).toEqual({
      places: [
        ["a", 1, 40],
        ["a", 12, 40],
        ["b", 1, 40],
      ],
    });
  });

  it("yields the rows that are refused, alone, by member and offset; a replay is cut alike", async () => {
    const bad = [idsOf(0) + 139, idsOf(2) + 107].join(", ");
    await createTables(engine, windowSql, `, CONSTRAINT good CHECK id NOT IN (${bad})`);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const { refusals } = await sink().store({ ...bundle(), isReplay: repeat > 0 }, longLease);
      expect(refusals).toMatchObject([
        { member: 0, offset: 139, errorType: "clickhouse_violated_constraint" },
        { member: 2, offset: 107, errorType: "clickhouse_violated_constraint" },
      ]);
      expect(await stored()).toEqual({ rows: ROWS - 2, ids: ROWS - 2, viewed: ROWS - 2 });
    }
  });

  it("that is refused whole in Native goes on by rows", async () => {
    await createTables(engine, windowSql, `, CONSTRAINT good CHECK id != ${idsOf(1) + 120}`);
    const whole = await sink().store(nativeOf(bundle()), longLease);
    expect(whole).toMatchObject({ refusals: [] });
    expect(String(whole.refusedWhole)).toContain("good");
    expect(await stored()).toMatchObject({ rows: 0 });
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const { refusals } = await sink().store(bundle(), longLease);
      expect(refusals).toMatchObject([{ member: 1, offset: 120 }]);
      expect(await stored()).toEqual({ rows: ROWS - 1, ids: ROWS - 1, viewed: ROWS - 1 });
    }
  });

  it.each(fencedFormats)("goes in pieces when it touches too many table partitions: %s", async (_name, encode) => {
    await createTables(engine);
    const wide = () => replayOf(encode(bundleOf(members, { ...into, days: 12 })));
    for (let repeat = 0; repeat < 2; repeat += 1) {
      await sink({ partitionsMax: 10 }).store(wide(), longLease);
      expect(told.splits).toEqual(Array(repeat + 1).fill("bundle:bundle-of-a-test"));
      expect(await stored()).toEqual(all);
    }
  });

  it("names its first range where nothing helps", async () => {
    const batch = { ...bundle(), table: "d.gone" };
    await expect(sink().store(batch, longLease)).rejects.toThrow(
      "Cannot insert bundle:bundle-of-a-test (a:1, offsets 100 to 139, and 2 more ranges) into d.gone",
    );
  });

  it("is refused by the sink when it contradicts itself", async () => {
    const { members: ranges, ...rest } = bundle();
    const store = (batch: Partial<SinkBatch>) => sink().store({ ...rest, members: ranges, ...batch }, longLease);
    await expect(store({ members: ranges.slice(1) })).rejects.toThrow("120 rows, its members 80");
    await expect(store({ members: ranges.toReversed() })).rejects.toThrow("a:12 after b:1");
    await expect(store({ members: ranges.map(() => ranges[0]!) })).rejects.toThrow("a:1 after a:1");
    await expect(store({ bundleId: undefined })).rejects.toThrow("no bundle id");
  });
});

/** A lease that is lost when an insert asks for it the n-th time: its owner dies. */
function leaseOf(inserts: number): Lease {
  let asked = 0;
  return {
    deadlineMs: async () => {
      asked += 1;
      if (asked > inserts) throw new StaleOwner("killed");
      return Date.now() + 60_000;
    },
  };
}

describe("a bundle that its first owner left stored in pieces, and of which records are gone since", () => {
  const BAD = 118;
  /** Without the records that `isGone`. */
  function thinned(whole: SinkBatch, isGone: (offset: number, member: number) => boolean): SinkBatch {
    const kept = [...whole.offsets.keys()].filter((row) => !isGone(whole.offsets[row]!, memberIndexOf(whole, row)));
    const rowBytes = whole.rowStarts[1]!;
    return {
      ...whole,
      members: whole.members.map((member, index) => ({
        ...member,
        rowCount: kept.filter((row) => memberIndexOf(whole, row) === index).length,
      })),
      bytes: Buffer.concat(kept.map((row) => whole.bytes.subarray(row * rowBytes, (row + 1) * rowBytes))),
      rowCount: kept.length,
      rowStarts: Uint32Array.from({ length: kept.length + 1 }, (_, row) => row * rowBytes),
      offsets: Float64Array.from(kept, (row) => whole.offsets[row]!),
    };
  }
  /** Stores it as the pipeline does: a block that is refused goes again by rows. */
  async function storeAgain(encode: (batch: SinkBatch) => SinkBatch, rows: SinkBatch): Promise<void> {
    const { ids: before } = (await engine.row("SELECT groupArray(id) AS ids FROM d.fact")) as { ids: number[] };
    expect(before.length).toBeGreaterThan(0);
    const one = sink({ partitionsMax: 10 });
    const whole = await one.store(encode(rows), longLease);
    const { refusals } = whole.refusedWhole === undefined ? whole : await one.store(rows, longLease);
    const refused = refusals.map(({ member, offset }) => idsOf(member) + offset);
    const ids = new Set([
      ...before,
      ...[...rows.offsets].map((offset, row) => idsOf(memberIndexOf(rows, row)) + offset),
    ]);
    const count = ids.size - refused.length;
    expect(await stored()).toEqual({ rows: count, ids: count, viewed: count });
  }

  it.each<[string, (offset: number, member: number) => boolean, SinkBatch["lacks"]]>([
    ["retention, with the row that was refused", (offset, member) => member === 0 && offset <= BAD, "some"],
    ["retention, before the row that was refused", (offset, member) => member === 0 && offset < BAD, "some"],
    ["retention, in another partition", (offset, member) => member === 2 && offset < 130, "some"],
    ["compaction", (offset) => offset % 3 === 0, "perhaps"],
  ])("gets no row twice after %s", async (_what, isGone, lacks) => {
    await createTables(engine, windowSql, `, CONSTRAINT good CHECK id != ${BAD}`);
    await expect(sink().store(bundle(), leaseOf(8))).rejects.toThrow("killed");
    for (const [, encode] of fencedFormats) {
      await storeAgain(encode, { ...replayOf(thinned(bundle(), isGone)), lacks });
    }
  });

  it("gets no row twice where pieces were those of table partitions, and it touches few by now", async () => {
    const wide = () => bundleOf(members, { ...into, days: 12 });
    await createTables(engine);
    await expect(sink({ partitionsMax: 10 }).store(wide(), leaseOf(2))).rejects.toThrow("killed");
    const isGone = (offset: number) => offset % 12 >= 5;
    for (const [, encode] of fencedFormats) {
      await storeAgain(encode, { ...replayOf(thinned(wide(), isGone)), lacks: "some" });
    }
  });

  it("gets no row twice when an owner that has read less is faster than one that has read all", async () => {
    await createTables(engine, windowSql, `, CONSTRAINT good CHECK id != ${BAD}`);
    const faster = thinned(bundle(), (offset) => offset < 110);
    await sink().store({ ...replayOf(faster), lacks: "some" }, longLease);
    await storeAgain((batch) => batch, { ...replayOf(bundle()), isShared: true });
  });

  it("stops where the table cannot be asked: when records are gone, or some may be and rows are refused", async () => {
    const blind = (lacks: SinkBatch["lacks"]) => ({ ...replayOf(bundle()), coordinates: undefined, lacks });
    await createTables(engine);
    await expect(sink().store(blind("some"), longLease)).rejects.toThrow(
      /records of it are gone since.*its rows do not say which record.*--allow-duplicates/,
    );
    expect(await stored()).toMatchObject({ rows: 0 });
    await sink().store(blind("perhaps"), longLease);
    expect(await stored()).toEqual(all);
    await createTables(engine, windowSql, `, CONSTRAINT good CHECK id != ${BAD}`);
    await expect(sink().store(blind("perhaps"), longLease)).rejects.toMatchObject({
      code: "E_INCOMPLETE",
      message: expect.stringMatching(/records of it may be gone since \(compaction\)/),
    });
    expect(await stored()).toMatchObject({ rows: 0 });
    const { refusals } = await sink({ allowsDuplicates: true }).store(blind("some"), longLease);
    expect([refusals.length, await stored()]).toEqual([1, { rows: ROWS - 1, ids: ROWS - 1, viewed: ROWS - 1 }]);
  });
});
