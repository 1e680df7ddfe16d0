import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPieceInserter } from "./insert-piece.ts";
import { createSink, type Sink } from "./sink.ts";
import { TableStates } from "./table-states.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { batchOf, fencedFormats, longLease, testColumnsSql, windowSql } from "./testing/rows.ts";

describe("an insert that touches too many table partitions", () => {
  let engine: TestEngine;
  let sink: Sink;
  let splits: [token: string, pieceCount: number][] = [];

  beforeAll(async () => {
    engine = await startEngine();
    const events = {
      onRetry: (_table: string, error: unknown) => expect.fail(String(error)),
      onSplit: (_table: string, token: string, pieceCount: number) => splits.push([token, pieceCount]),
    };
    sink = createSink(
      engine.client,
      { insertsMax: 2, partitionsMax: 10, signal: new AbortController().signal },
      events,
    );
    await engine.run("CREATE DATABASE d");
  });
  afterAll(() => engine.close());

  /** A fact table and an aggregate behind it, each with its partition key. */
  async function createTables(key: string, aggregateKey = "tuple()", more = ""): Promise<void> {
    splits = [];
    await engine.run(
      "DROP TABLE IF EXISTS d.by_day_view",
      `CREATE OR REPLACE TABLE d.fact (${testColumnsSql}${more}) ENGINE = MergeTree PARTITION BY ${key} ORDER BY id ${windowSql},
        allow_nullable_key = 1`,
      `CREATE OR REPLACE TABLE d.by_day (day Date, rows UInt64) ENGINE = SummingMergeTree PARTITION BY ${aggregateKey} ORDER BY day ${windowSql}`,
      "CREATE MATERIALIZED VIEW d.by_day_view TO d.by_day AS SELECT day, count() AS rows FROM d.fact GROUP BY day",
    );
  }

  const stored = () =>
    engine.row(`SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(id)) AS ids,
      toUInt32((SELECT sum(rows) FROM d.by_day)) AS viewed FROM d.fact`);

  describe("of its own", () => {
    const rows = { table: "d.fact", first: 0, last: 203, days: 12, partitionKey: "day" };
    const all = { rows: 204, ids: 204, viewed: 204 };
    beforeEach(() => createTables("day"));

    it.each(fencedFormats)("goes in pieces, and a replay finds the same pieces: %s", async (_name, encode) => {
      const outcome = await sink.store(encode(batchOf(rows)), longLease);
      expect(outcome).toMatchObject({ refusals: [], refusedWhole: undefined, isBodyRead: false });
      expect(splits).toEqual([["t:0:0-203", 2]]);
      expect(await stored()).toEqual(all);
      for (const [, other] of fencedFormats) await sink.store(other(batchOf(rows)), longLease);
      expect(await stored()).toEqual(all);
    });

    it("doubles the pieces until each is small enough", async () => {
      // Of 23 partitions one of two pieces has more than 10.
      await sink.store(batchOf({ ...rows, days: 23 }), longLease);
      expect(splits[1]?.[0]).toMatch(/^t:0:0-203\/[01]\.2$/);
      expect(Math.max(...splits.map(([, pieceCount]) => pieceCount))).toBe(4);
      expect(await stored()).toEqual(all);
      await sink.store(batchOf({ ...rows, days: 23 }), longLease);
      expect(await stored()).toEqual(all);
    });

    it("finds its bad row among the pieces", async () => {
      await createTables("day", "tuple()", ", CONSTRAINT good CHECK id != 77");
      for (let repeat = 0; repeat < 2; repeat += 1) {
        const { refusals } = await sink.store(batchOf(rows), longLease);
        expect(refusals).toMatchObject([{ offset: 77, errorType: "clickhouse_violated_constraint" }]);
        expect(await stored()).toEqual({ rows: 203, ids: 203, viewed: 203 });
      }
      expect(splits.length).toBeGreaterThan(0);
    });

    it("keeps rows whose key is NULL", async () => {
      await createTables("if(id < 5, NULL, day)");
      await sink.store(batchOf({ ...rows, partitionKey: "if(id < 5, NULL, day)" }), longLease);
      expect(splits.length).toBeGreaterThan(0);
      expect(await stored()).toEqual(all);
    });

    it("is not taken for late when no row falls into a piece", async () => {
      const late: string[] = [];
      const events = { onRetry: () => {}, onLate: (_table: string, token: string) => late.push(token) };
      const signal = new AbortController().signal;
      const bounds = { firstMs: 1, maxMs: 1 };
      const inserter = createPieceInserter(
        engine.client,
        new TableStates(1, bounds, signal, () => {}),
        { bounds, partitionsMax: 10, allowsDuplicates: false, signal },
        events,
      );
      const batch = batchOf({ ...rows, last: 0 });
      const tokens = ["t:0:0-0/0.2", "t:0:0-0/1.2"];
      for (const [shareIndex, token] of tokens.entries()) {
        const piece = { firstRow: 0, endRow: 1, shareCount: 2, shareIndex };
        const done = await inserter({
          batch,
          piece,
          token,
          lease: longLease,
          isRepeat: false,
          doubtsMax: 0,
          onSent: () => {},
        });
        expect(done).toEqual({ end: "stored", attempts: 1 });
      }
      expect(late).toEqual([]);
      expect(await stored()).toMatchObject({ rows: 1 });

      await createTables("day");
      for (const [shareIndex, token] of tokens.entries()) {
        let asked = 0;
        const lease = { deadlineMs: async () => Date.now() + (asked++ === 0 ? -1_000 : 60_000) };
        const piece = { firstRow: 0, endRow: 1, shareCount: 2, shareIndex };
        await inserter({ batch, piece, token, lease, isRepeat: false, doubtsMax: 0, onSent: () => {} });
      }
      expect(late).toEqual(tokens);
      expect(await stored()).toMatchObject({ rows: 1 });
    });

    it("goes whole when the insert's columns cannot compute the key", async () => {
      await sink.store(batchOf({ ...rows, partitionKey: "" }), longLease);
      expect(splits).toEqual([]);
      expect(await stored()).toEqual(all);
    });
  });

  it("of a view's table goes again whole under its own token: its rows are in the table by then", async () => {
    await createTables("topic", "day");
    const rows = { table: "d.fact", first: 0, last: 203, days: 12, partitionKey: "topic" };
    for (let repeat = 1; repeat <= 2; repeat += 1) {
      await sink.store(batchOf(rows), longLease);
      expect(splits).toEqual(Array.from({ length: repeat }, () => ["t:0:0-203", 1]));
      expect(await stored()).toEqual({ rows: 204, ids: 204, viewed: 204 });
    }
  });
});
