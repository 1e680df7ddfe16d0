import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SinkBatch } from "./batch.ts";
import { insertOnce } from "./insert.ts";
import { readNewerSettings } from "./insert-settings.ts";
import { createSink, type Sink } from "./sink.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { batchOf, fencedFormats, longLease, type TestRows, testColumnsSql, windowSql } from "./testing/rows.ts";

const clocksSql = `stored_ts DateTime64(3) DEFAULT now64(3), stored_s UInt32 DEFAULT toUnixTimestamp(now()),
  stored_nullable Nullable(DateTime64(6)) DEFAULT now64(6)`;
const clockDefaults = [
  { name: "stored_ts", type: { text: "DateTime64(3)" }, expression: "now64(3)" },
  { name: "stored_s", type: { text: "UInt32" }, expression: "toUnixTimestamp(now())" },
  { name: "stored_nullable", type: { text: "Nullable(DateTime64(6))" }, expression: "now64(6)" },
];

describe("a repeat of an insert into a table that takes the server's time", () => {
  let engine: TestEngine;
  let sink: Sink;
  let retries: string[] = [];

  beforeAll(async () => {
    engine = await startEngine();
    const events = {
      onRetry: (_table: string, error: unknown, _attempt: number, delayMs: number) =>
        retries.push(`${delayMs} ${(error as Error).message}`),
    };
    const signal = new AbortController().signal;
    sink = createSink(engine.client, { insertsMax: 1, partitionsMax: 10, signal }, events);
    await engine.run("CREATE DATABASE d");
  });
  afterAll(() => engine.close());
  beforeEach(() => {
    retries = [];
  });

  const rows: TestRows = { table: "d.fact", first: 100, last: 219, days: 3, partitionKey: "day" };
  const replayOf = (batch: SinkBatch): SinkBatch => ({ ...batch, isReplay: true, clockDefaults });

  async function createTables(factKey = "day", viewedKey = "tuple()"): Promise<void> {
    await engine.run(
      "DROP TABLE IF EXISTS d.viewed_view",
      `CREATE OR REPLACE TABLE d.fact (${testColumnsSql}, ${clocksSql}) ENGINE = MergeTree PARTITION BY ${factKey}
       ORDER BY id ${windowSql}`,
      `CREATE OR REPLACE TABLE d.viewed (day Date, times String, rows UInt64) ENGINE = SummingMergeTree
       PARTITION BY ${viewedKey} ORDER BY (day, times) ${windowSql}`,
    );
  }

  const select =
    "SELECT day, toString((stored_ts, stored_s, stored_nullable)) AS times, count() AS rows FROM d.fact GROUP BY day, times";
  const createView = () => engine.run(`CREATE MATERIALIZED VIEW d.viewed_view TO d.viewed AS ${select}`);
  const hashOf = (from: string) =>
    engine.row(`SELECT toUInt32(sum(s.rows)) AS rows, toString(sum(cityHash64(s.day, s.times, s.rows))) AS hash
      FROM (${from}) AS s`);
  const viewed = () =>
    hashOf("SELECT v.day AS day, v.times AS times, sum(v.rows) AS rows FROM d.viewed AS v GROUP BY day, times");
  const recomputed = () => hashOf(select);
  const readings = async () => (await engine.row("SELECT toUInt32(uniqExact(stored_ts)) AS n FROM d.fact")).n;

  describe.each(fencedFormats)("in %s", (_name, encode) => {
    const batch = encode(batchOf(rows));
    beforeEach(() => createTables());

    it("counts behind a view by the time that the rows have, when only they were stored before", async () => {
      await sink.store({ ...batch, clockDefaults }, 100, 219, longLease);
      await createView();
      await sleep(5);
      await sink.store(replayOf(batch), 100, 219, longLease);
      expect(await viewed()).toEqual(await recomputed());
      expect(await viewed()).toMatchObject({ rows: 120 });
      // And again: everything is there now.
      await sink.store(replayOf(batch), 100, 219, longLease);
      expect(await viewed()).toEqual(await recomputed());
      expect([await readings(), await recomputed(), retries]).toMatchObject([1, { rows: 120 }, []]);
    });

    it("would count by another time if it left the column to the table", async () => {
      await sink.store(batch, 100, 219, longLease);
      await createView();
      await sleep(5);
      await sink.store({ ...batch, isReplay: true }, 100, 219, longLease);
      const [own, facts] = [await viewed(), await recomputed()];
      expect([own.rows, facts.rows, own.hash === facts.hash]).toEqual([120, 120, false]);
    });

    it("gives the first time to the rows of a table partition that was not stored with the others", async () => {
      await sink.store({ ...batch, clockDefaults }, 100, 219, longLease);
      await engine.run("ALTER TABLE d.fact DROP PARTITION ID '20241005'");
      expect(await recomputed()).toMatchObject({ rows: 80 });
      await createView();
      await sleep(5);
      await sink.store(replayOf(batch), 100, 219, longLease);
      expect(await viewed()).toEqual(await recomputed());
      expect([await readings(), await recomputed()]).toMatchObject([1, { rows: 120 }]);
    });

    it("takes the present time when nothing was stored before, whatever other ranges hold", async () => {
      await createView();
      await sink.store({ ...encode(batchOf({ ...rows, first: 0, last: 99 })), clockDefaults }, 0, 99, longLease);
      await sleep(5);
      const { now } = await engine.row("SELECT toString(now64(3)) AS now");
      await sink.store(replayOf(batch), 100, 219, longLease);
      expect(
        await engine.row(`SELECT toUInt32(countIf(stored_ts >= '${now}' AND stored_ts <= now64(3)
          AND stored_s >= toUnixTimestamp(stored_ts) AND stored_s <= toUnixTimestamp(now())
          AND stored_nullable >= '${now}')) AS present FROM d.fact WHERE id >= 100`),
      ).toEqual({ present: 120 });
      expect(await viewed()).toEqual(await recomputed());
    });

    it("finds the time of each part of a range that went in parts", async () => {
      const wide = encode(batchOf({ ...rows, days: 12 }));
      await sink.store({ ...wide, clockDefaults }, 100, 219, longLease);
      const parts = await readings();
      expect(parts).toBeGreaterThan(1);
      await createView();
      await sleep(5);
      await sink.store(replayOf(wide), 100, 219, longLease);
      expect(await viewed()).toEqual(await recomputed());
      expect([await readings(), await recomputed()]).toMatchObject([parts, { rows: 120 }]);
    });

    it("does so at a second attempt as well as after a crash", async () => {
      // The view's table refuses the first attempt, when the rows are in.
      await createTables("topic", "day");
      await createView();
      const wide = encode(batchOf({ ...rows, days: 12, partitionKey: "topic" }));
      await sink.store({ ...wide, clockDefaults }, 100, 219, longLease);
      expect(await viewed()).toEqual(await recomputed());
      expect(await viewed()).toMatchObject({ rows: 120 });
    });

    it("stores the rows all the same when the table cannot be searched", async () => {
      const coordinates = { topic: "topic", partition: "kafka_partition", offset: "gone" };
      await sink.store({ ...replayOf(batch), coordinates }, 100, 219, longLease);
      expect(retries).toEqual([expect.stringMatching(/^0 .*gone/)]);
      expect(await recomputed()).toMatchObject({ rows: 120 });
    });
  });

  it("is in time when it begins in time, however long the search takes, and late when it does not", async () => {
    await createTables();
    const { columns, bytes, format, rowCount } = batchOf({ ...rows, last: 100 });
    const body = { table: "d.fact", columns, format, bytes, rowCount };
    const heldClocks = { columns: clockDefaults.slice(0, 1), rows: "sleepEachRow(0.6) = 0" };
    const terms = { share: undefined, isLoud: false, partitionsMax: 10, newerSettings: {}, heldClocks };
    const send = async (token: string, aheadMs: number) => {
      const newerSettings = await readNewerSettings(engine.client);
      return insertOnce(engine.client, body, { ...terms, newerSettings, token, deadlineMs: Date.now() + aheadMs });
    };
    expect(await send("first", 30_000)).toBe(1);
    const startMs = performance.now();
    expect(await send("in time", 500)).toBe(1);
    expect(performance.now() - startMs).toBeGreaterThan(590);
    expect(await send("late", -1)).toBe(0);
    expect(await recomputed()).toMatchObject({ rows: 2 });
  });
});
