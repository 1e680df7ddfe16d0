import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rowHashSql } from "../../testing/row-hash.ts";
import type { Sink, SinkBatch, SinkOptions } from "./sink.ts";
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
import {
  bundleOf,
  fencedFormats,
  idsOf,
  ingesterClocks,
  longLease,
  testColumnsSql,
  timeColumnsSql,
  timed,
  windowSql,
} from "./testing/rows.ts";

/** What a repeat of a bundle looks up in the table goes by member and offset. */

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

/** More inserts than the window of a table that remembers two. */
async function crowdOut(of: Sink): Promise<void> {
  for (const first of [200, 300, 400]) {
    const others = bundleOf([{ topic: "z", partition: 0, first, last: first + 9 }], { ...into, days: 1 });
    await of.store({ ...others, bundleId: undefined }, longLease);
  }
}
const storedOfBundle = () =>
  engine.row("SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(id)) AS ids FROM d.fact WHERE topic != 'z'");

describe.each(fencedFormats)("a bundle whose token is forgotten, in %s", (_name, encode) => {
  it("stores what is absent, member by member, though others have rows of the same offsets", async () => {
    await createTables(engine, "SETTINGS non_replicated_deduplication_window = 2");
    const one = sink();
    const once = { rows: ROWS, ids: ROWS };
    for (const gone of ["0", `id BETWEEN ${idsOf(1)} AND ${idsOf(2) - 1}`, "topic = 'a' AND kafka_offset % 3 = 0"]) {
      await one.store(replayOf(encode(bundle())), longLease);
      expect(await storedOfBundle()).toEqual(once);
      await crowdOut(one);
      await engine.run(`DELETE FROM d.fact WHERE ${gone}`);
    }
    await one.store(replayOf(encode(bundle())), longLease);
    expect(await storedOfBundle()).toEqual(once);
    expect(told.forgotten).toHaveLength(3);
  });

  it("is found where the table has come to refuse it, and not where one member's rows are missing", async () => {
    await createTables(engine);
    await sink().store(encode(bundle()), longLease);
    await engine.run("ALTER TABLE d.fact ADD CONSTRAINT small CHECK id < 110");
    await sink().store(replayOf(encode(bundle())), longLease);
    expect([told.found, await storedOfBundle()]).toEqual([["bundle:bundle-of-a-test"], { rows: ROWS, ids: ROWS }]);
    await engine.run("DELETE FROM d.fact WHERE topic = 'b'");
    const { refusals, refusedWhole } = await sink().store(replayOf(encode(bundle())), longLease);
    expect(told.found).toHaveLength(1);
    expect(refusals.length + Number(refusedWhole !== undefined)).toBeGreaterThan(0);
  });
});

describe.each(fencedFormats)("rows of which only the absent ones are wanted, in %s", (_name, encode) => {
  const alone = (): SinkBatch => ({
    ...encode(bundleOf(members.slice(1, 2), into)),
    bundleId: undefined,
    absentOnly: true,
    isReplay: true,
    announcedMs: 1_000,
  });

  it("go in at the first attempt as well, whatever the token", async () => {
    await createTables(engine);
    await engine.run(`INSERT INTO d.fact SELECT number + 105, toDate(20000), 'a', 12, number + 105 FROM numbers(5)`);
    // Of the same offsets, in other partitions.
    await engine.run(`INSERT INTO d.fact SELECT number, toDate(20000), 'b', 12, number + 100 FROM numbers(40)`);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      await sink().store({ ...alone(), isReplay: repeat > 0 }, longLease);
      expect(
        await engine.row(`SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(kafka_offset)) AS offsets FROM d.fact
          WHERE topic = 'a'`),
      ).toEqual({ rows: 40, offsets: 40 });
    }
    expect(told.forgotten, "no table has forgotten it").toEqual([]);
  });

  it("stop where the table cannot be asked, and go on where doubled rows are allowed", async () => {
    await createTables(engine);
    const blind = { ...alone(), coordinates: undefined };
    await expect(sink().store(blind, longLease)).rejects.toThrow(
      /a:12:100-139 is in flight since 1970-01-01T00:00:01.000Z, and nobody knows whether it is stored.*--allow-duplicates/,
    );
    await expect(sink().store({ ...alone(), mergesRows: true }, longLease)).rejects.toMatchObject({
      code: "E_INCOMPLETE",
      message: expect.stringMatching(/merges rows by design/),
    });
    expect(await stored()).toMatchObject({ rows: 0 });
    await sink({ allowsDuplicates: true }).store(blind, longLease);
    expect(await stored()).toMatchObject({ rows: 40 });
  });
});

describe.each(fencedFormats)("a repeat of a bundle with times that clocks fill, in %s", (_name, encode) => {
  const clockDefaults = [{ name: "stored_ts", type: { text: "DateTime64(3)" }, expression: "now64(3)" }];
  const timedBundle = (startMs: number): SinkBatch => ({
    ...encode(
      timed(bundle(), (offset, row) => {
        const receivedMs = startMs + Math.floor(row / 40) * 60_000 + Math.floor(offset / 10) * 7;
        return { receivedMs, processedMs: receivedMs + 1_000 };
      }),
    ),
    clockDefaults,
    ingesterClocks,
  });

  it("counts behind a view by the times that the rows of each member have", async () => {
    const times = [...ingesterClocks, "stored_ts"].join(", ");
    const select = `SELECT topic, kafka_partition AS p, toString((${times})) AS times, count() AS rows
      FROM d.fact GROUP BY topic, p, times`;
    await engine.run(
      "DROP TABLE IF EXISTS d.by_day_view",
      "DROP TABLE IF EXISTS d.timed_view",
      `CREATE OR REPLACE TABLE d.fact (${testColumnsSql}, stored_ts DateTime64(3) DEFAULT now64(3), ${timeColumnsSql})
       ENGINE = MergeTree ORDER BY id ${windowSql}`,
      `CREATE OR REPLACE TABLE d.timed (topic String, p Int32, times String, rows UInt64) ENGINE = SummingMergeTree
       ORDER BY (topic, p, times) ${windowSql}`,
    );
    await sink().store(timedBundle(1_700_000_000_000), longLease);
    await engine.run(`CREATE MATERIALIZED VIEW d.timed_view TO d.timed AS ${select}`);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      await sink().store(replayOf(timedBundle(1_700_000_500_000)), longLease);
    }
    const hashOf = (from: string) =>
      engine.row(`SELECT toUInt32(count()) AS groups, toUInt32(sum(s.rows)) AS rows,
        ${rowHashSql("s.topic, s.p, s.times, s.rows")} AS hash FROM (${from}) AS s`);
    const viewed = "SELECT topic, p, t.times AS times, sum(t.rows) AS rows FROM d.timed AS t GROUP BY topic, p, times";
    expect(await hashOf(viewed)).toEqual(await hashOf(select));
    expect(await hashOf(select)).toMatchObject({ rows: ROWS, groups: 12 });
  });
});

it("a bundle of 1,000 members is looked up, repeated and refused in one statement each", async () => {
  await createTables(engine, "SETTINGS non_replicated_deduplication_window = 2");
  const topics = ["a", "b"];
  const many = topics.flatMap((topic) =>
    Array.from({ length: 500 }, (_, partition) => ({
      topic,
      partition,
      first: 9_000 - 17 * partition,
      last: 9_004 - 17 * partition,
    })),
  );
  const one = sink();
  const clocks = { clockDefaults: [], ingesterClocks: ["day"] };
  const batch = (): SinkBatch => ({ ...replayOf(bundleOf(many, into)), ...clocks });
  await one.store(batch(), longLease);
  await crowdOut(one);
  await engine.run("DELETE FROM d.fact WHERE kafka_partition % 7 = 3 AND topic = 'b'");
  await one.store(batch(), longLease);
  expect(await storedOfBundle()).toEqual({ rows: 5_000, ids: 5_000 });
  expect(told.forgotten).toHaveLength(1);
  await engine.run(
    "ALTER TABLE d.fact ADD CONSTRAINT small CHECK id < 110",
    "ALTER TABLE d.fact MODIFY SETTING non_replicated_deduplication_window = 10000",
    "ALTER TABLE d.by_day MODIFY SETTING non_replicated_deduplication_window = 10000",
  );
  expect(await sink().store(batch(), longLease)).toMatchObject({ refusals: [], refusedWhole: undefined });
  expect(told.found).toHaveLength(1);
  expect(await storedOfBundle()).toEqual({ rows: 5_000, ids: 5_000 });
});
