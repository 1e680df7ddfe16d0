import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rowHashSql } from "../../testing/row-hash.ts";
import type { SinkBatch } from "./batch.ts";
import { insertOnce } from "./insert.ts";
import { readNewerSettings } from "./insert-settings.ts";
import { createSink, type Sink } from "./sink.ts";
import { readShape } from "./table-shape.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import {
  batchOf,
  fencedFormats,
  ingesterClocks,
  longLease,
  type TestRows,
  testColumnsSql,
  timeColumnsSql,
  timedBatchOf,
  windowSql,
} from "./testing/rows.ts";

const clocksSql = `stored_ts DateTime64(3) DEFAULT now64(3), stored_s UInt32 DEFAULT toUnixTimestamp(now()),
  stored_nullable Nullable(DateTime64(6)) DEFAULT now64(6)`;
const clockDefaults = [
  { name: "stored_ts", type: { text: "DateTime64(3)" }, expression: "now64(3)" },
  { name: "stored_s", type: { text: "UInt32" }, expression: "toUnixTimestamp(now())" },
  { name: "stored_nullable", type: { text: "Nullable(DateTime64(6))" }, expression: "now64(6)" },
];

describe("a repeat of an insert into a table with times that clocks fill", () => {
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

  async function createTables(factKey = "day", viewedKey = "tuple()", timesSql = ""): Promise<void> {
    await engine.run(
      "DROP TABLE IF EXISTS d.viewed_view",
      `CREATE OR REPLACE TABLE d.fact (${testColumnsSql}, ${clocksSql}${timesSql}) ENGINE = MergeTree PARTITION BY ${factKey}
       ORDER BY id ${windowSql}`,
      `CREATE OR REPLACE TABLE d.viewed (day Date, times String, rows UInt64) ENGINE = SummingMergeTree
       PARTITION BY ${viewedKey} ORDER BY (day, times) ${windowSql}`,
    );
  }

  const select =
    "SELECT day, toString((stored_ts, stored_s, stored_nullable)) AS times, count() AS rows FROM d.fact GROUP BY day, times";
  const createView = () => engine.run(`CREATE MATERIALIZED VIEW d.viewed_view TO d.viewed AS ${select}`);
  const hashOf = (from: string) =>
    engine.row(`SELECT toUInt32(sum(s.rows)) AS rows, ${rowHashSql("s.day, s.times, s.rows")} AS hash
      FROM (${from}) AS s`);
  const viewed = () =>
    hashOf("SELECT v.day AS day, v.times AS times, sum(v.rows) AS rows FROM d.viewed AS v GROUP BY day, times");
  const recomputed = () => hashOf(select);
  const readings = async () => (await engine.row("SELECT toUInt32(uniqExact(stored_ts)) AS n FROM d.fact")).n;

  describe.each(fencedFormats)("in %s", (_name, encode) => {
    const batch = encode(batchOf(rows));
    beforeEach(() => createTables());

    it("counts behind a view by the time that the rows have, when only they were stored before", async () => {
      await sink.store({ ...batch, clockDefaults }, longLease);
      await createView();
      await sleep(5);
      await sink.store(replayOf(batch), longLease);
      expect(await viewed()).toEqual(await recomputed());
      expect(await viewed()).toMatchObject({ rows: 120 });
      // And again: everything is there now.
      await sink.store(replayOf(batch), longLease);
      expect(await viewed()).toEqual(await recomputed());
      expect([await readings(), await recomputed(), retries]).toMatchObject([1, { rows: 120 }, []]);
    });

    it("would count by another time if it left the column to the table", async () => {
      await sink.store(batch, longLease);
      await createView();
      await sleep(5);
      await sink.store({ ...batch, isReplay: true }, longLease);
      const [own, facts] = [await viewed(), await recomputed()];
      expect([own.rows, facts.rows, own.hash === facts.hash]).toEqual([120, 120, false]);
    });

    it("gives the first time to the rows of a table partition that was not stored with the others", async () => {
      await sink.store({ ...batch, clockDefaults }, longLease);
      await engine.run("ALTER TABLE d.fact DROP PARTITION ID '20241005'");
      expect(await recomputed()).toMatchObject({ rows: 80 });
      await createView();
      await sleep(5);
      await sink.store(replayOf(batch), longLease);
      expect(await viewed()).toEqual(await recomputed());
      expect([await readings(), await recomputed()]).toMatchObject([1, { rows: 120 }]);
    });

    it("takes the present time when nothing was stored before, whatever other ranges hold", async () => {
      await createView();
      await sink.store({ ...encode(batchOf({ ...rows, first: 0, last: 99 })), clockDefaults }, longLease);
      await sleep(5);
      const { now } = await engine.row("SELECT toString(now64(3)) AS now");
      await sink.store(replayOf(batch), longLease);
      expect(
        await engine.row(`SELECT toUInt32(countIf(stored_ts >= '${now}' AND stored_ts <= now64(3)
          AND stored_s >= toUnixTimestamp(stored_ts) AND stored_s <= toUnixTimestamp(now())
          AND stored_nullable >= '${now}')) AS present FROM d.fact WHERE id >= 100`),
      ).toEqual({ present: 120 });
      expect(await viewed()).toEqual(await recomputed());
    });

    it("finds the time of each piece of a range that went in pieces", async () => {
      const wide = encode(batchOf({ ...rows, days: 12 }));
      await sink.store({ ...wide, clockDefaults }, longLease);
      const pieceReadings = await readings();
      expect(pieceReadings).toBeGreaterThan(1);
      await createView();
      await sleep(5);
      await sink.store(replayOf(wide), longLease);
      expect(await viewed()).toEqual(await recomputed());
      expect([await readings(), await recomputed()]).toMatchObject([pieceReadings, { rows: 120 }]);
    });

    it("does so at a second attempt as well as after a crash", async () => {
      // The view's table refuses the first attempt, when the rows are in.
      await createTables("topic", "day");
      await createView();
      const wide = encode(batchOf({ ...rows, days: 12, partitionKey: "topic" }));
      await sink.store({ ...wide, clockDefaults }, longLease);
      expect(await viewed()).toEqual(await recomputed());
      expect(await viewed()).toMatchObject({ rows: 120 });
    });

    it("stores the rows all the same when the table cannot be searched", async () => {
      const coordinates = { topic: "topic", partition: "kafka_partition", offset: "gone" };
      await sink.store({ ...replayOf(batch), coordinates }, longLease);
      expect(retries).toEqual([expect.stringMatching(/^0 .*gone/)]);
      expect(await recomputed()).toMatchObject({ rows: 120 });
    });
  });

  describe.each(fencedFormats)("with the ingester's times too, in %s", (_name, encode) => {
    // As record batches arrive: ten records have one time. The repeat works on them later, in other batches.
    const timesOf = (startMs: number, batchRecords: number) => (offset: number) => {
      const receivedMs = startMs + Math.floor(offset / batchRecords) * 7;
      return { receivedMs, processedMs: receivedMs + 1_000 };
    };
    const first = timesOf(1_700_000_000_000, 10);
    const later = timesOf(1_700_000_100_000, 15);
    const encoded = (times: typeof first, more: Partial<TestRows> = {}): SinkBatch => ({
      ...encode(timedBatchOf({ ...rows, ...more }, times)),
      clockDefaults,
      ingesterClocks,
    });
    const repeatOf = (batch: SinkBatch): SinkBatch => ({ ...batch, isReplay: true });
    const store = (batch: SinkBatch) => sink.store(batch, longLease);

    const times = [...ingesterClocks, "stored_ts"].join(", ");
    const timedSelect = `SELECT day, toString((${times}, stored_ts < processed)) AS times, count() AS rows
      FROM d.fact GROUP BY day, times`;
    const createTimedView = () => engine.run(`CREATE MATERIALIZED VIEW d.viewed_view TO d.viewed AS ${timedSelect}`);
    const timesIn = (condition = "1") =>
      engine.row(`SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(kafka_offset)) AS offsets,
        toUInt32(uniqExact(received)) AS batches, toString(min(processed)) AS earliest, toString(max(processed)) AS latest,
        toUInt32(countIf(processed_ms = toUnixTimestamp64Milli(processed) AND processed_float = processed_ms
          AND processed_zone = processed AND received_ms = processed_ms - 1000 AND received_text = toString(received_ms)
          AND toUnixTimestamp64Milli(assumeNotNull(received)) = received_ms)) AS agreeing
        FROM d.fact WHERE ${condition}`);

    beforeEach(() => createTables("day", "tuple()", `, ${timeColumnsSql}`));

    it("counts behind a view by the times that the rows have, row by row", async () => {
      await store(encoded(first));
      const facts = await timesIn();
      expect(facts).toMatchObject({ rows: 120, batches: 12, agreeing: 120 });
      await createTimedView();
      await sleep(5);
      await store(repeatOf(encoded(later)));
      expect(await viewed()).toEqual(await hashOf(timedSelect));
      await store(repeatOf(encoded(later)));
      expect(await viewed()).toEqual(await hashOf(timedSelect));
      expect([await timesIn(), (await viewed()).rows, retries]).toEqual([facts, 120, []]);
    });

    it("would count by other times if it sent its own", async () => {
      await store(encoded(first));
      await createTimedView();
      await store({ ...repeatOf(encoded(later)), ingesterClocks: [] });
      const [own, facts] = [await viewed(), await hashOf(timedSelect)];
      expect([own.rows, facts.rows, own.hash === facts.hash]).toEqual([120, 120, false]);
    });

    it("keeps its own times where the table holds no row, and takes none of other ranges", async () => {
      await store(encoded(first, { first: 0, last: 99 }));
      await createTimedView();
      await store(repeatOf(encoded(later)));
      const sent = later(100).processedMs;
      expect(await timesIn("kafka_offset >= 100")).toMatchObject({
        rows: 120,
        agreeing: 120,
        earliest: new Date(sent).toISOString().replace("T", " ").replace("Z", ""),
      });
      expect(await viewed()).toEqual(
        await hashOf(timedSelect.replace("d.fact", "(SELECT * FROM d.fact WHERE id >= 100)")),
      );
    });

    it("has both where one table partition was not stored, or a dead letter was stored before its range", async () => {
      await store(encoded(first));
      await engine.run("ALTER TABLE d.fact DROP PARTITION ID '20241004'");
      const replayed = timesOf(1_700_000_050_000, 1);
      const deadLetter = { ...encoded(replayed, { first: 103, last: 103 }), tokenSuffix: "/dead" };
      await store(deadLetter);
      await createTimedView();
      await store(repeatOf(encoded(later)));
      // Two tokens, so the dead letter's row is there twice, but of one time.
      expect(await timesIn("kafka_offset = 103")).toMatchObject({ rows: 2, batches: 1 });
      expect(await timesIn("kafka_offset != 103")).toMatchObject({ rows: 119, offsets: 119, agreeing: 119 });
      const facts = "(SELECT * FROM d.fact ORDER BY kafka_offset, stored_ts LIMIT 1 BY kafka_offset)";
      expect(await viewed()).toEqual(await hashOf(timedSelect.replace("d.fact", facts)));
    });

    it("finds them for each piece of a range that goes in pieces", async () => {
      await store(encoded(first, { days: 12 }));
      const facts = await timesIn();
      await createTimedView();
      await store(repeatOf(encoded(later, { days: 12 })));
      expect(await viewed()).toEqual(await hashOf(timedSelect));
      expect([await timesIn(), (await viewed()).rows]).toEqual([facts, 120]);
    });
  });

  it("is in time when it begins in time, however long the search takes, and late when it does not", async () => {
    await createTables();
    const { columns, bytes, format, rowCount } = batchOf({ ...rows, last: 100 });
    const body = { table: "d.fact", columns, format, bytes, rowCount };
    const key = { expression: "toInt64(kafka_offset)", group: "kafka_offset", isLong: false };
    const clocks = { columns: clockDefaults.slice(0, 2), ingesterClocks: ["id"], key };
    const heldClocks = { ...clocks, rows: "sleepEachRow(0.6) = 0" };
    const terms = { share: undefined, isLoud: false, partitionsMax: 10, newerSettings: {}, heldClocks };
    const send = async (token: string, aheadMs: number) => {
      const newerSettings = await readNewerSettings(engine.client);
      const shape = await readShape(engine.client, "d.fact");
      return insertOnce(engine.client, body, {
        ...terms,
        shape,
        newerSettings,
        token,
        deadlineMs: Date.now() + aheadMs,
      });
    };
    expect(await send("first", 30_000)).toBe(1);
    const startMs = performance.now();
    expect(await send("in time", 500)).toBe(1);
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeGreaterThan(590);
    expect(tookMs, "one search for all columns").toBeLessThan(1_200);
    expect(await send("late", -1)).toBe(0);
    expect(await recomputed()).toMatchObject({ rows: 2 });
  });
});
