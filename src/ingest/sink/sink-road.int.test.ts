import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { insertErrors } from "../../clients/clickhouse/insert-errors.ts";
import { createSink, type Sink } from "./sink.ts";
import { connectTo, startEngine, type TestEngine } from "./testing/engine.ts";
import { type Accident, openRoad, type Road } from "./testing/road.ts";
import { batchOf, fencedFormats, longLease, testColumnsSql, windowSql } from "./testing/rows.ts";

/** Enough bytes for a body that is on its way for a while. */
const ROWS = 100_000;

describe("an insert with an accident on its way", () => {
  let engine: TestEngine;
  let road: Road;
  let client: ClickHouseClient;
  let sink: Sink;
  let retries: string[] = [];
  let slowDowns: number[] = [];
  let stop: AbortController;

  beforeAll(async () => {
    engine = await startEngine();
    road = await openRoad(engine.port);
    client = connectTo(road.port);
    await engine.run("CREATE DATABASE d");
  });
  afterAll(async () => {
    await client.close();
    await road.close();
    await engine.close();
  });
  beforeEach(async () => {
    retries = [];
    slowDowns = [];
    stop = new AbortController();
    sink = createSink(
      client,
      { insertsMax: 4, signal: stop.signal, retryFirstMs: 20, retryMaxMs: 50 },
      {
        onRetry: (_table, _error, _attempt, _delayMs, errorClass) => retries.push(errorClass),
        onSlowDown: (_table, _error, _delayMs, insertsMax) => slowDowns.push(insertsMax),
      },
    );
    await engine.run(
      "DROP TABLE IF EXISTS d.by_day_view",
      `CREATE OR REPLACE TABLE d.fact (${testColumnsSql}) ENGINE = MergeTree PARTITION BY day ORDER BY id ${windowSql}`,
      `CREATE OR REPLACE TABLE d.by_day (day Date, rows UInt64) ENGINE = SummingMergeTree ORDER BY day ${windowSql}`,
      "CREATE MATERIALIZED VIEW d.by_day_view TO d.by_day AS SELECT day, count() AS rows FROM d.fact GROUP BY day",
    );
  });

  const stored = () =>
    engine.row(`SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(id)) AS ids,
      toUInt32((SELECT sum(rows) FROM d.by_day)) AS viewed FROM d.fact`);
  const all = { rows: ROWS, ids: ROWS, viewed: ROWS };
  const rows = { table: "d.fact", first: 0, last: ROWS - 1, days: 3, partitionKey: "day" };

  const memoryLimit: Accident = { status: 200, code: 241, name: "MEMORY_LIMIT_EXCEEDED" };
  it.each<[string, Accident, string]>([
    ["reset before the upload", "before", "retry"],
    ["reset during the upload", "during", "retry"],
    ["reset instead of the answer", "after", "retry"],
    ["an answer that is cut off", "cut", "retry"],
    ["an exception after status 200", memoryLimit, "overload"],
    ["a body that was cut off by somebody between", { status: 500, code: 33, name: "CANNOT_READ_ALL_DATA" }, "retry"],
  ])("goes again under its token: %s", async (_name, accident, errorClass) => {
    for (const [, encode] of fencedFormats) {
      road.accidents.push(accident, accident);
      const outcome = await sink.store(encode(batchOf(rows)), longLease);
      expect(outcome).toMatchObject({ refusals: [], refusedWhole: undefined, isBodyRead: false });
      expect(await stored()).toEqual(all);
    }
    expect(retries).toEqual(Array.from({ length: 4 }, () => errorClass));
  });

  it("is stored once, and known to be, when a proxy takes the summaries away", async () => {
    road.accidents.push("noSummary", "noSummary", "noSummary");
    const before = road.inserts;
    let asked = 0;
    const lease = { deadlineMs: async () => Date.now() + (asked++ === 1 ? -1_000 : 60_000) };
    await sink.store(batchOf(rows), lease);
    expect([road.inserts - before, retries, await stored()]).toEqual([3, [], all]);
    await engine.run("TRUNCATE TABLE d.fact", "TRUNCATE TABLE d.by_day");
    road.accidents.push("noSummary", "noSummary");
    asked = 1;
    await sink.store(batchOf({ ...rows, first: ROWS, last: 2 * ROWS - 1 }), lease);
    expect([road.inserts - before, retries, await stored()]).toEqual([5, [], all]);
  });

  it("slows the whole sink while the server is overloaded, and lets it recover", async () => {
    road.accidents.push(
      ...Array.from({ length: 6 }, () => ({ status: 503, code: 202, name: "TOO_MANY_SIMULTANEOUS_QUERIES" })),
    );
    const ranges = Array.from({ length: 24 }, (_, index) => index * 100);
    await Promise.all(ranges.map((first) => sink.store(batchOf({ ...rows, first, last: first + 99 }), longLease)));
    expect(await stored()).toEqual({ rows: 2_400, ids: 2_400, viewed: 2_400 });
    expect(retries).toEqual(Array.from({ length: 6 }, () => "overload"));
    expect(Math.min(...slowDowns)).toBe(1);
  });

  it.each([
    [403, 516, "AUTHENTICATION_FAILED", "CLICKHOUSE_PASSWORD"],
    [404, 60, "UNKNOWN_TABLE", "ATTACH TABLE"],
    [500, 497, "ACCESS_DENIED", "GRANT INSERT"],
  ])("stops at %s %s %s and says what to do", async (status, code, name, remedy) => {
    road.accidents.push({ status, code, name });
    await expect(sink.store(batchOf(rows), longLease)).rejects.toThrow(remedy);
    expect(retries).toEqual([]);
  });

  const page = (title: string) => `<html>\n<head><title>${title}</title></head><body><h1>${title}</h1></body></html>`;

  it.each([
    [413, "Request Entity Too Large", "client_max_body_size"],
    [401, "Authorization Required", "CLICKHOUSE_PASSWORD"],
    [403, "Forbidden", "CLICKHOUSE_PASSWORD"],
    [414, "Request-URI Too Large", "large_client_header_buffers"],
    [404, "Not Found", "check CLICKHOUSE_URL"],
    [405, "Not Allowed", "check CLICKHOUSE_URL"],
    [200, "It works!", "check CLICKHOUSE_URL"],
  ])("stops at a proxy's %s %s, in plain words", async (status, title, remedy) => {
    road.accidents.push({ status, html: page(title) });
    const failure = await sink.store(batchOf(rows), longLease).catch((error: Error) => error);
    expect(String(failure)).toContain(remedy);
    expect(String(failure)).toContain(`HTTP ${status} ${title}`);
    expect(retries).toEqual([]);
  });

  it.each([
    [502, "Bad Gateway", "retry"],
    [503, "Service Unavailable", "retry"],
    [504, "Gateway Time-out", "retry"],
    [429, "Too Many Requests", "overload"],
  ])("waits when a proxy says %s %s", async (status, title, errorClass) => {
    road.accidents.push({ status, html: page(title) }, { status, html: page(title) });
    await sink.store(batchOf(rows), longLease);
    expect([retries, await stored()]).toEqual([[errorClass, errorClass], all]);
  });

  it.each([
    { status: 500, code: 243, name: "NOT_ENOUGH_SPACE" },
    { status: 500, code: 1001, name: "STD_EXCEPTION: No space left on device" },
  ])("calls a full disk one: $name", async (accident) => {
    road.accidents.push(accident);
    await sink.store(batchOf(rows), longLease);
    expect([retries, slowDowns, await stored()]).toEqual([["disk"], [], all]);
  });

  it("ends with the signal, also in the middle of a pause", async () => {
    road.accidents.push(
      ...Array.from({ length: 100 }, () => ({ status: 500, code: 241, name: "MEMORY_LIMIT_EXCEEDED" })),
    );
    const reason = new Error("enough");
    setTimeout(() => stop.abort(reason), 100);
    const outcomes = await Promise.allSettled(
      [0, 1, 2, 3, 4, 5].map((index) =>
        sink.store(batchOf({ ...rows, first: index * 10, last: index * 10 + 9 }), longLease),
      ),
    );
    expect(outcomes.map((outcome) => outcome.status === "rejected" && outcome.reason)).toEqual(Array(6).fill(reason));
    road.accidents.length = 0;
  });
});

describe("the table of error classes", () => {
  it("has the names that the server gives to its codes", async () => {
    const engine = await startEngine();
    try {
      const codes = insertErrors.map(({ code }) => code).join(", ");
      const { names } = await engine.row(`SELECT arrayMap(code -> errorCodeToName(code), [${codes}]) AS names`);
      expect(names).toEqual(insertErrors.map(({ name }) => name));
    } finally {
      await engine.close();
    }
  });
});
