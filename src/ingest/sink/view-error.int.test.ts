import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSink } from "./sink.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { batchOf, fencedFormats, longLease, testColumnsSql, windowSql } from "./testing/rows.ts";

describe("a materialized view that throws", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await engine.run("CREATE DATABASE d");
  });
  afterAll(() => engine.close());

  it.each(fencedFormats)(
    "stops the sink; once it is mended, the range is stored and counted once: %s",
    async (_name, encode) => {
      await engine.run(
        "DROP TABLE IF EXISTS d.by_day_view",
        `CREATE OR REPLACE TABLE d.fact (${testColumnsSql}) ENGINE = MergeTree PARTITION BY day ORDER BY id ${windowSql}`,
        `CREATE OR REPLACE TABLE d.by_day (day Date, rows UInt64) ENGINE = SummingMergeTree ORDER BY day ${windowSql}`,
        `CREATE MATERIALIZED VIEW d.by_day_view TO d.by_day AS
        SELECT day, count() + throwIf(max(id) >= 7) AS rows FROM d.fact GROUP BY day`,
      );
      const events = { onRetry: (_table: string, error: unknown) => expect.fail(String(error)) };
      const sink = createSink(engine.client, { insertsMax: 1, signal: new AbortController().signal }, events);
      const batch = encode(batchOf({ table: "d.fact", first: 0, last: 9, days: 2, partitionKey: "day" }));
      const stored = () =>
        engine.row(`SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(id)) AS ids,
        toUInt32((SELECT sum(rows) FROM d.by_day)) AS viewed FROM d.fact`);

      const failure = await sink.store(batch, longLease).then(
        () => expect.fail("stored"),
        (error: Error) => error,
      );
      expect(failure).toMatchObject({ code: "E_CLICKHOUSE" });
      expect(failure.message).toContain("mend the materialized view d.by_day_view");
      // What makes cutting dangerous: the facts are in.
      expect(await stored()).toEqual({ rows: 10, ids: 10, viewed: 0 });

      await engine.run("DROP VIEW d.by_day_view");
      await engine.run(
        "CREATE MATERIALIZED VIEW d.by_day_view TO d.by_day AS SELECT day, count() AS rows FROM d.fact GROUP BY day",
      );
      for (let repeat = 0; repeat < 2; repeat += 1) {
        expect(await sink.store(batch, longLease)).toMatchObject({ refusals: [], refusedWhole: undefined });
        expect(await stored()).toEqual({ rows: 10, ids: 10, viewed: 10 });
      }
    },
  );
});
