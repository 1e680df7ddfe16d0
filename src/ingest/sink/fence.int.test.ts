import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { StaleOwner } from "../../core/stale-owner.ts";
import { createSink, type Sink } from "./sink.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { batchOf, fencedFormats, longLease, testColumns, testColumnsSql, windowSql } from "./testing/rows.ts";

/** Rows of three days and the view behind them; an insert of more than a default block of 65,409 rows. */
const ROWS = 150_000;

describe("the fence of an insert", () => {
  let engine: TestEngine;
  let sink: Sink;
  let late: string[] = [];

  beforeAll(async () => {
    engine = await startEngine();
    const events = {
      onRetry: (_table: string, error: unknown) => expect.fail(String(error)),
      onLate: (_table: string, token: string) => late.push(token),
    };
    sink = createSink(engine.client, { insertsMax: 2, signal: new AbortController().signal, retryFirstMs: 1 }, events);
    await engine.run("CREATE DATABASE d");
  });
  afterAll(() => engine.close());
  beforeEach(async () => {
    late = [];
    await engine.run(
      "DROP TABLE IF EXISTS d.by_day_view",
      "DROP TABLE IF EXISTS d.by_day",
      `CREATE OR REPLACE TABLE d.fact (${testColumnsSql}) ENGINE = MergeTree PARTITION BY day ORDER BY id ${windowSql}`,
      `CREATE TABLE d.by_day (day Date, rows UInt64) ENGINE = SummingMergeTree ORDER BY day ${windowSql}`,
      "CREATE MATERIALIZED VIEW d.by_day_view TO d.by_day AS SELECT day, count() AS rows FROM d.fact GROUP BY day",
      "SYSTEM STOP MERGES d.fact",
    );
  });

  const stored = () =>
    engine.row(`SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(_part)) AS parts, toUInt32(uniqExact(id)) AS ids,
      toUInt32((SELECT sum(rows) FROM d.by_day)) AS viewed FROM d.fact`);
  const rows = { table: "d.fact", first: 1_000, last: 999 + ROWS, days: 3, partitionKey: "day" };
  const all = { rows: ROWS, ids: ROWS, viewed: ROWS, parts: 3 };

  it.each(fencedFormats)("lets nothing of a late insert through and keeps its token: %s", async (_name, encode) => {
    const batch = encode(batchOf(rows));
    const asked: number[] = [];
    const lease = {
      async deadlineMs() {
        asked.push((await stored()).rows as number);
        return asked.length < 3 ? Date.now() - 1 : Date.now() + 60_000;
      },
    };
    const outcome = await sink.store(batch, lease);
    expect(outcome).toMatchObject({ refusals: [], refusedWhole: undefined, isBodyRead: false });
    expect(asked).toEqual([0, 0, 0]);
    expect(late).toEqual([`t:0:1000-${999 + ROWS}`, `t:0:1000-${999 + ROWS}`]);
    expect(await stored()).toEqual(all);
    for (const [, other] of fencedFormats) await sink.store(other(batchOf(rows)), longLease);
    expect(await stored()).toEqual(all);
    expect(late).toHaveLength(2);
  });

  it.each(fencedFormats)("ends with the lease, whose rejection comes out as it is: %s", async (_name, encode) => {
    const batch = encode(batchOf({ ...rows, last: 1_009 }));
    const gone = new StaleOwner("a test");
    let asked = 0;
    const lease = {
      async deadlineMs() {
        asked += 1;
        if (asked > 1) throw gone;
        return Date.now() - 10_000;
      },
    };
    await expect(sink.store(batch, lease)).rejects.toBe(gone);
    expect(await stored()).toMatchObject({ rows: 0, viewed: 0 });
    await sink.store(batch, longLease);
    expect(await stored()).toMatchObject({ rows: 10, viewed: 10 });
  });

  it("names columns and types as they are, with quotes in both", async () => {
    const name = "a `b` 'c' \\";
    const type = "Map(String, Enum8('it\\'s' = 1, '\\\\' = 2))";
    const quoted = "`a \\`b\\` 'c' \\\\`";
    await engine.run(`CREATE TABLE d.odd (${quoted} ${type}) ENGINE = MergeTree ORDER BY tuple() ${windowSql}`);
    const batch = {
      ...batchOf({ ...rows, table: "d.odd", last: 1_000 }),
      columns: [{ name, type: { text: type } }],
      bytes: Uint8Array.from([1, 1, 0x6b, 2]),
      rowStarts: Uint32Array.from([0, 4]),
    };
    await sink.store(batch, longLease);
    expect(await engine.row(`SELECT toString(${quoted}) AS value FROM d.odd`)).toEqual({ value: "{'k':'\\\\'}" });
  });

  it("stands before the DEFAULT expressions of the table as well", async () => {
    await engine.run(`CREATE TABLE d.doubled (id UInt32, twice UInt32 DEFAULT id * 2) ENGINE = MergeTree
      ORDER BY id ${windowSql}`);
    const batch = {
      ...batchOf({ ...rows, table: "d.doubled", last: 1_000 }),
      columns: [testColumns[0]!, { ...testColumns[0]!, name: "twice", missing: { kind: "tableDefault" } }],
      format: "RowBinaryOptional",
      bytes: Uint8Array.from([7, 0, 0, 0, 0]),
      rowStarts: Uint32Array.from([0, 5]),
    };
    let asked = 0;
    const lease = { deadlineMs: async () => Date.now() + (++asked === 1 ? -10_000 : 60_000) };
    for (let repeat = 0; repeat < 2; repeat += 1) await sink.store(batch, lease);
    expect(late.at(-1)).toBe("t:0:1000-1000");
    expect(await engine.row("SELECT count() = 1 AS once, sum(twice) = 14 AS computed FROM d.doubled")).toEqual({
      once: 1,
      computed: 1,
    });
  });
});
