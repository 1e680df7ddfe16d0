/** The dimensions in the real engine: what the replaced system had twice and differently is one thing here, always there. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectClickHouse } from "../../clients/clickhouse/connect.ts";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { type ClickHouseServer, startClickHouse } from "../../embedded/clickhouse/server.ts";
import { migrate } from "../migrations/migrate.ts";
import { dimensions } from "./dimensions.ts";
import { type RefreshOptions, type RefreshReport, refreshDimensions } from "./refresh.ts";
import type { MappedService } from "./service-map.ts";

let folder: string;
let server: ClickHouseServer;
let client: ClickHouseClient;
let missing: unknown;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-dims-"));
  server = await startClickHouse({ port: 0, dataDir: folder });
  client = connectClickHouse({ url: `http://127.0.0.1:${server.port}`, user: undefined, password: undefined }, 6);
  missing = await refreshDimensions({ client, who: "nobody" }).catch((error) => error);
  await migrate(client, { ttlDays: { fact: 0 } });
  await client.command({
    query: `INSERT INTO analytics.fact_event (event_ts, ingest_ts, processed_ts, service, status_code, user_id, kafka_offset)
      VALUES ('2026-02-28 15:00:01', now64(3), now64(3), 'auth', 500, 'ann', 1),
             ('2026-02-28 14:59:59', now64(3), now64(3), 'order', 499, 'bob', 2),
             ('2026-02-28 21:00:00', now64(3) - INTERVAL 3 DAY, now64(3), 'old', 299, 'cay', 3),
             ('2026-02-28 20:59:59', now64(3), now64(3), 'order', 600, NULL, 4)`,
  });
});

afterAll(async () => {
  await client.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const ask = <Row = Record<string, unknown>>(sql: string): Promise<Row[]> => queryRows<Row>(client, sql);

async function refresh(options: Partial<RefreshOptions> = {}): Promise<RefreshReport> {
  const report = await refreshDimensions({ client, who: "test", ...options });
  if (report.outcome === "busy") throw new Error(report.reason);
  return report;
}

const service = (name: string, group: string, isActive: 0 | 1 = 1): MappedService => ({
  ...{ service: name, service_group: group, is_active: isActive, description: null },
});

it("says what makes the tables where there are none", () => {
  expect(missing).toMatchObject({
    code: "E_CLICKHOUSE",
    message: expect.stringContaining("millrace migrate --events"),
  });
});

it("fills the tables that the migrations have made, and dictionaries show them", async () => {
  const { tables, dictionaries } = await refresh();
  expect(tables.map(({ table, changed }) => [table, changed])).toEqual(dimensions.map(({ table }) => [table, true]));
  expect(dictionaries).toEqual([]);
  for (const { dictionary } of dimensions) {
    expect(await ask(`SELECT count() > 0 AS filled FROM analytics.${dictionary}`)).toEqual([{ filled: 1 }]);
  }
});

describe("what the replaced system had in two ways", () => {
  it("puts 500 into class 5xx as an error, in the table and beside the facts", async () => {
    const codes = "status_code IN (299, 404, 499, 500, 600)";
    const expected = [
      { status_code: 299, status_class: "2xx", is_error: 0, description: null },
      { status_code: 404, status_class: "4xx", is_error: 0, description: "Not Found" },
      { status_code: 499, status_class: "4xx", is_error: 0, description: null },
      { status_code: 500, status_class: "5xx", is_error: 1, description: "Internal Server Error" },
      { status_code: 600, status_class: "other", is_error: 1, description: null },
    ];
    expect(await ask(`SELECT * FROM analytics.dim_status_code WHERE ${codes}`)).toEqual(expected);
    expect(await ask("SELECT status_class, is_error FROM analytics.fact_event_named WHERE status_code = 500")).toEqual([
      { status_class: "5xx", is_error: 1 },
    ]);
  });

  it("numbers days from Monday, 1, to Sunday, 7, as ISO 8601 has it, and leaves no day out", async () => {
    expect(
      await ask("SELECT * FROM analytics.dim_date WHERE date IN ('2026-02-28', '2026-03-01', '2026-03-02')"),
    ).toEqual([
      { date: "2026-02-28", year: 2026, month: 2, day: 28, week: 9, day_of_week: 6, is_weekend: 1 },
      { date: "2026-03-01", year: 2026, month: 3, day: 1, week: 9, day_of_week: 7, is_weekend: 1 },
      { date: "2026-03-02", year: 2026, month: 3, day: 2, week: 10, day_of_week: 1, is_weekend: 0 },
    ]);
    expect(
      await ask(`SELECT count() = uniqExact(date) AND count() = max(date) - min(date) + 1 AS whole,
        min(date) <= today() - 365 AND max(date) >= today() + 365 AS wide FROM analytics.dim_date`),
    ).toEqual([{ whole: 1, wide: 1 }]);
  });

  it("knows every second, and four times of day", async () => {
    const parts = await ask(`SELECT time_of_day, min(hour) AS first, max(hour) AS last, toUInt32(count()) AS seconds
      FROM analytics.dim_time GROUP BY time_of_day ORDER BY first`);
    expect(parts).toEqual([
      { time_of_day: "dawn", first: 0, last: 5, seconds: 21_600 },
      { time_of_day: "morning", first: 6, last: 11, seconds: 21_600 },
      { time_of_day: "afternoon", first: 12, last: 17, seconds: 21_600 },
      { time_of_day: "evening", first: 18, last: 23, seconds: 21_600 },
    ]);
    expect(await ask("SELECT * FROM analytics.dim_time ORDER BY time_key DESC LIMIT 1")).toEqual([
      { time_key: 235_959, hour: 23, minute: 59, second: 59, time_of_day: "evening" },
    ]);
  });

  it("names days and times of day in one zone, which later refreshes keep", async () => {
    const named = () =>
      ask(`SELECT kafka_offset, date, time_key, time_of_day, day_of_week FROM analytics.fact_event_named
        WHERE kafka_offset IN (1, 2, 4) ORDER BY kafka_offset SETTINGS output_format_json_quote_64bit_integers = 0`);
    const inSeoul = [
      { kafka_offset: 1, date: "2026-03-01", time_key: 1, time_of_day: "dawn", day_of_week: 7 },
      { kafka_offset: 2, date: "2026-02-28", time_key: 235_959, time_of_day: "evening", day_of_week: 6 },
      { kafka_offset: 4, date: "2026-03-01", time_key: 55_959, time_of_day: "dawn", day_of_week: 7 },
    ];
    expect(await named()).toEqual(inSeoul);
    await refresh({ zone: "UTC" });
    expect((await refresh()).zone).toBe("UTC");
    expect((await named())[0]).toMatchObject({ date: "2026-02-28", time_key: 150_001, time_of_day: "afternoon" });
    await refresh({ zone: "Asia/Seoul" });
    expect(await named()).toEqual(inSeoul);
    await expect(refresh({ zone: "Asia/Soul" })).rejects.toMatchObject({
      ...{ code: "E_CONFIG", message: expect.stringContaining("is Asia/Seoul meant?") },
    });
  });

  it("changes nothing when it runs again: the same rows, hashes and parts", async () => {
    const parts = () => ask("SELECT table, name FROM system.parts WHERE active AND table LIKE 'dim_%' ORDER BY ALL");
    const [first, before] = [await refresh(), await parts()];
    const second = await refresh();
    expect(second.tables.map(({ changed }) => changed)).toEqual(dimensions.map(() => false));
    expect(second.tables.map(({ table, rows, hash }) => ({ table, rows, hash }))).toEqual(
      first.tables.map(({ table, rows, hash }) => ({ table, rows, hash })),
    );
    expect(await parts()).toEqual(before);
    for (const { table, key } of dimensions) {
      expect(await ask(`SELECT count() = uniqExact(${key}) AS once FROM analytics.${table}`), table).toEqual([
        { once: 1 },
      ]);
    }
  });
});

it("knows who is active within the look-back, and forgets nobody", async () => {
  const active = (table: string, key: string) =>
    ask(`SELECT ${key} AS name, is_active FROM analytics.${table} ORDER BY name`);
  await refresh({ lookbackMs: 86_400_000 });
  expect(await active("dim_user", "user_id")).toEqual([
    ...[
      { name: "ann", is_active: 1 },
      { name: "bob", is_active: 1 },
      { name: "cay", is_active: 0 },
    ],
  ]);
  await refresh({ lookbackMs: 7 * 86_400_000 });
  expect((await active("dim_user", "user_id"))[2]).toEqual({ name: "cay", is_active: 1 });
  expect(await active("dim_service", "service")).toEqual([
    ...[
      { name: "auth", is_active: 1 },
      { name: "old", is_active: 1 },
      { name: "order", is_active: 1 },
    ],
  ]);
});

it("takes groups from the service map, and keeps the map for later refreshes", async () => {
  const groups = () => ask("SELECT service, service_group, is_active FROM analytics.dim_service ORDER BY service");
  await refresh({ services: [service("auth", "account", 0), service("new", "soon")] });
  await refresh();
  const others = [
    { service: "old", service_group: "unassigned", is_active: 1 },
    { service: "order", service_group: "unassigned", is_active: 1 },
  ];
  expect(await groups()).toEqual([
    { service: "auth", service_group: "account", is_active: 0 },
    { service: "new", service_group: "soon", is_active: 1 },
    ...others,
  ]);
  expect(await ask("SELECT DISTINCT service_group FROM analytics.fact_event_named WHERE service = 'auth'")).toEqual([
    { service_group: "account" },
  ]);
  await refresh({ services: [] });
  expect(await groups()).toEqual([
    { service: "auth", service_group: "unassigned", is_active: 1 },
    { service: "new", service_group: "unassigned", is_active: 0 },
    ...others,
  ]);
});

describe("two refreshes", () => {
  it("at once are one: the other does nothing, and says who is at it", async () => {
    const reports = await Promise.all([1, 2, 3].map((at) => refreshDimensions({ client, who: `host:${at}` })));
    const done = reports.filter(({ outcome }) => outcome === "refreshed");
    expect(done).toHaveLength(1);
    const winner = reports.findIndex(({ outcome }) => outcome === "refreshed") + 1;
    for (const report of reports.filter(({ outcome }) => outcome === "busy"))
      expect(report).toMatchObject({ heldBy: `host:${winner}` });
  });

  it("follow each other: one that was killed is in the way until its time is over, and leaves no table", async () => {
    const begin = async (minutes: number) => {
      const [row] = await ask<{ next: string }>(
        "SELECT toString(max(sequence) + 1) AS next FROM analytics.millrace_dim_refreshes",
      );
      await client.command({
        query: `INSERT INTO analytics.millrace_dim_refreshes (sequence, outcome, who, lease_until)
          VALUES (${row!.next}, 'begun', 'killed:1', now64(3) + INTERVAL ${minutes} MINUTE)`,
      });
      return row!.next;
    };
    const left = await begin(-1);
    await client.command({ query: `CREATE TABLE analytics.dim_next_${left}_dim_user (x UInt8) ENGINE = Memory` });
    await refresh();
    expect(
      await ask("SELECT name FROM system.tables WHERE database = 'analytics' AND name LIKE 'dim\\_next%'"),
    ).toEqual([]);
    await begin(5);
    expect(await refreshDimensions({ client, who: "test" })).toMatchObject({ outcome: "busy", heldBy: "killed:1" });
    await client.command({ query: "TRUNCATE TABLE analytics.millrace_dim_refreshes" });
  });

  it("are never seen half done: whoever reads finds all rows of before or of after", async () => {
    const seen = new Set<string>();
    let isOver = false;
    const reader = async () => {
      while (!isOver) {
        const [row] = await ask<{ services: string; groups: string[]; seconds: string }>(
          `SELECT toString(count()) AS services, groupUniqArray(service_group) AS groups,
            (SELECT toString(count()) FROM analytics.dim_time) AS seconds FROM analytics.dim_service`,
        );
        seen.add(JSON.stringify(row));
      }
    };
    const mapped = (group: string) => ["auth", "new", "old", "order"].map((name) => service(name, group));
    await refresh({ services: mapped("a") });
    const readers = [reader(), reader()];
    for (const group of ["b", "a", "b", "a"]) await refresh({ services: mapped(group) });
    isOver = true;
    await Promise.all(readers);
    const rows = (group: string) => JSON.stringify({ services: "4", groups: [group], seconds: "86400" });
    expect([...seen].sort()).toEqual([rows("a"), rows("b")]);
  });
});
