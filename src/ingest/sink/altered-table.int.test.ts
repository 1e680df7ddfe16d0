import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createSink, type Sink } from "./sink.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { batchOf, longLease, nativeOf, testColumnsSql, windowSql } from "./testing/rows.ts";

describe("a table that is altered between an insert and its replay", () => {
  let engine: TestEngine;
  let sink: Sink;
  let found: string[] = [];

  beforeAll(async () => {
    engine = await startEngine();
    const events = {
      onRetry: (_table: string, error: unknown) => expect.fail(String(error)),
      onFoundStored: (_table: string, token: string) => found.push(token),
    };
    sink = createSink(engine.client, { insertsMax: 1, signal: new AbortController().signal }, events);
    await engine.run("CREATE DATABASE d");
  });
  afterAll(() => engine.close());
  beforeEach(async () => {
    found = [];
    await engine.run(`CREATE OR REPLACE TABLE d.fact (${testColumnsSql}) ENGINE = MergeTree ORDER BY id ${windowSql}`);
  });

  const rows = { table: "d.fact", first: 100, last: 119, days: 2 };
  const stored = () => engine.row("SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(id)) AS ids FROM d.fact");

  it("doubles nothing when it has come to refuse what it holds", async () => {
    await sink.store(batchOf(rows), longLease);
    await engine.run("ALTER TABLE d.fact ADD CONSTRAINT small CHECK id < 110");
    for (const replay of [batchOf(rows), nativeOf(batchOf(rows))]) {
      const outcome = await sink.store({ ...replay, isReplay: true }, longLease);
      expect(outcome).toMatchObject({ refusals: [], refusedWhole: undefined });
      expect(await stored()).toEqual({ rows: 20, ids: 20 });
    }
    expect(found).toEqual(["t:0:100-119", "t:0:100-119"]);
  });

  it("gets the good half of a replay that was never stored", async () => {
    await engine.run("ALTER TABLE d.fact ADD CONSTRAINT small CHECK id < 110");
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const { refusals } = await sink.store({ ...batchOf(rows), isReplay: true }, longLease);
      expect(refusals.map(({ offset }) => offset)).toEqual([110, 111, 112, 113, 114, 115, 116, 117, 118, 119]);
      expect(await stored()).toEqual({ rows: 10, ids: 10 });
    }
    expect(found).toEqual([]);
  });
});
