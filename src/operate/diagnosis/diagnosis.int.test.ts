/** The statements of `millrace diag` against the real engine, and what they say where it lacks a log. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectClickHouse } from "../../clients/clickhouse/connect.ts";
import { type ClickHouseServer, startClickHouse } from "../../embedded/clickhouse/server.ts";
import { coversColumns, readGrants } from "../../testing/sql-grants.ts";
import { migrate } from "../migrations/migrate.ts";
import { checks } from "./checks.ts";
import { readSpike } from "./read-spike.ts";
import { runChecks, statementOf } from "./run-checks.ts";

let folder: string;
let server: ClickHouseServer;
let client: ClickHouseClient;
let before: unknown;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-diagnosis-"));
  server = await startClickHouse({ port: 0, dataDir: folder });
  client = connectClickHouse({ url: `http://127.0.0.1:${server.port}`, user: undefined, password: undefined }, 2);
  before = await readSpike(client, 600_000).catch((error) => error);
  await migrate(client);
});

afterAll(async () => {
  await client.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (query: string) => client.command({ query });
const statusOf = (results: Awaited<ReturnType<typeof runChecks>>) =>
  results.map(({ name, status }) => `${name} ${status}`);

it("answers what the embedded engine knows, and says of the rest why not", async () => {
  await run("INSERT INTO analytics.millrace_writers (target_table) VALUES ('a.b')");
  // The embedded server writes its query log every few seconds.
  await expect
    .poll(async () => (await runChecks(client)).find(({ name }) => name === "inserts")!.rows, { timeout: 30_000 })
    .toContainEqual(expect.objectContaining({ table: "analytics.millrace_writers", inserts: 1, rows: 1, failed: 0 }));
  const results = await runChecks(client);
  expect(statusOf(results)).toEqual([
    ...["merges ok", "parts ok", "inserts ok", "async-inserts unknown", "async-settings ok"],
    ...["part-log unknown", "new-parts ok"],
  ]);
  expect(results[3]!.says).toContain("system.asynchronous_insert_log is not here");
  expect(results[1]!.rows).toContainEqual(expect.objectContaining({ table: "analytics.millrace_writers", parts: 1 }));
  expect(results[6]!.rows).toContainEqual(
    expect.objectContaining({ table: "analytics.millrace_migrations", rows_each: 1 }),
  );
  expect(results[4]!.rows).toContainEqual(expect.objectContaining({ setting: "async_insert" }));
});

it("reads the logs of a server that keeps them, and finds what is not well", async () => {
  await run(`CREATE TABLE system.part_log (event_type Enum8('NewPart' = 1, 'MergeParts' = 2, 'RemovePart' = 4),
    event_date Date, event_time DateTime, duration_ms UInt64, database String, table String, rows UInt64, error UInt16)
    ENGINE = Memory`);
  await run(`CREATE TABLE system.asynchronous_insert_log (event_date Date, event_time DateTime,
    event_time_microseconds DateTime64(6), database LowCardinality(String), table LowCardinality(String), bytes UInt64,
    rows UInt64, exception String, status Enum8('Ok' = 0, 'ParsingError' = 1, 'FlushError' = 2),
    flush_time_microseconds DateTime64(6)) ENGINE = Memory`);
  await run(`INSERT INTO system.part_log SELECT 'NewPart', today(), now(), 5, 'a', 't', 10, 0 FROM numbers(2000)`);
  await run(`INSERT INTO system.part_log VALUES ('MergeParts', today(), now(), 900, 'a', 't', 20, 0)`);
  await run(`INSERT INTO system.asynchronous_insert_log VALUES
    (today(), now(), now64(6), 'a', 't', 9, 1, 'no such column', 'FlushError', now64(6) + INTERVAL 2 SECOND)`);
  const results = await runChecks(client);
  expect(statusOf(results).filter((text) => !text.endsWith(" ok"))).toEqual([
    ...["async-inserts unhealthy", "part-log unhealthy"],
  ]);
  expect(results[3]!.rows).toEqual([
    { table: "a.t", outcome: "FlushError", inserts: 1, rows: 1, p95_wait_ms: 2_000, error: "no such column" },
  ]);
  expect(results[5]!.rows[0]).toMatchObject({ table: "a.t", new_parts: 2_000, rows_each: 10, failed: 0 });
  expect(results[5]!.says).toContain("a.t got 2000 parts in the minute");
});

it("may ask all of it as the reader", async () => {
  const grants = readGrants(await readFile(join(import.meta.dirname, "../../../sql/access/reader.sql"), "utf8"));
  const tables = checks.flatMap((check) =>
    [...statementOf(check).matchAll(/FROM (system\.\w+)/g)].map(([, table]) => table!),
  );
  expect(tables).toContain("system.part_log");
  for (const table of tables) expect(coversColumns(grants, "SELECT", table, []), table).toBe(true);
});

it("finds the minute and the stage of a spike, and the services that come late", async () => {
  expect(before).toMatchObject({ code: "E_CLICKHOUSE", message: expect.stringContaining("millrace migrate") });
  expect((await readSpike(client, 600_000)).says).toContain("Nothing was recorded");
  const stored = (stage: string, group: string, ms: string) => `
    SELECT toStartOfMinute(now()) - number * 60 - 30, 'i', 'events', '${stage}', '${group}', [toUInt32(${ms})], [600]
    FROM numbers(8)`;
  const latency = [
    stored("insert", "", "if(number = 2, 7000, 80)"),
    stored("queue", "", "150"),
    stored("pipeline", "", "if(number = 2, 7300, 250)"),
    stored("e2e", "", "if(number = 2, 7400, 260)"),
    ...["a", "b", "c", "d", "e", "f"].map((name, at) => stored("produce", name, String(10 * (at + 1)))),
  ];
  await run(`INSERT INTO analytics.millrace_latency (ts, instance, pipeline, stage, \`group\`, bounds, counts)
    ${latency.join(" UNION ALL ")}`);
  const report = await readSpike(client, 600_000);
  expect(report.minutes).toHaveLength(8);
  expect(report.minutes[0]).toMatchObject({ eps: 10, p95Ms: { insert: 80, e2e: 260 } });
  expect(report.services.map(({ service }) => service)).toEqual(["f", "e", "d", "c", "b"]);
  expect(report.spike).toMatchObject({ minute: report.minutes[5]!.minute, stage: "insert", p95Ms: 7_400 });
  expect((await readSpike(client, 120_000)).minutes).toHaveLength(2);
});
