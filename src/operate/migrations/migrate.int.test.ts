/** The migrations against the real engine, through the embedded server: what a fresh installation gets. */

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { type ClickHouseServer, startClickHouse } from "../../embedded/clickhouse/server.ts";
import { type MigrationReport, migrate, migrationsDirectory } from "./migrate.ts";

/** The files that come with Millrace, and the number that the next one would have. */
const names = (await readdir(migrationsDirectory)).sort();
const version = names.length;
const lastName = names.at(-1)!;
const nextNumber = String(version + 1).padStart(4, "0");

let scratch: string;
let server: ClickHouseServer;
let client: ClickHouseClient;
let first: MigrationReport[];

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "millrace-migrate-"));
  server = await startClickHouse({ port: 0, dataDir: join(scratch, "data") });
  client = createClient({ url: `http://127.0.0.1:${server.port}`, log: { level: ClickHouseLogLevel.OFF } });
  // Two instances of a fresh installation start at once: everything below stands on their result.
  first = await Promise.all([migrate(client), migrate(client)]);
});

afterAll(async () => {
  await client.close();
  await server.close();
  await rm(scratch, { recursive: true, force: true });
});

async function rowsOf<Row = Record<string, unknown>>(query: string): Promise<Row[]> {
  return queryRows<Row>(client, query);
}

/** A copy of the migrations with one file replaced or added. */
async function directoryWith(name: string, change: (text: string) => string): Promise<string> {
  const directory = await mkdtemp(join(scratch, "migrations-"));
  await cp(migrationsDirectory, directory, { recursive: true });
  const path = join(directory, name);
  const text = await readFile(path, "utf8").catch(() => "");
  await writeFile(path, change(text));
  return directory;
}

const header = ["Why:", "Change:", "Cost:", "Order:", "Undo:", "Check:"].map((label) => `-- ${label} test\n`).join("");

describe("migrate() on a fresh server", () => {
  it("applies every file once although two instances ran at the same time", async () => {
    expect(first.map((report) => report.version)).toEqual([version, version]);
    const recorded = await rowsOf<{ version: number; copies: string }>(
      "SELECT version, toString(count()) AS copies FROM analytics.millrace_migrations GROUP BY version ORDER BY version",
    );
    expect(recorded).toEqual(names.map((_, index) => ({ version: index + 1, copies: "1" })));
  });

  it("changes nothing when it is called again", async () => {
    const tables =
      "SELECT name, create_table_query, metadata_modification_time FROM system.tables WHERE database = 'analytics' ORDER BY name";
    const before = await rowsOf(tables);
    expect(await migrate(client)).toEqual({ dryRun: false, applied: [], alreadyApplied: version, version });
    expect(await rowsOf(tables)).toEqual(before);
  });

  it("gives every table that takes inserts a deduplication window and a TTL, and leaves nothing else", async () => {
    const made = await rowsOf<{ name: string; ddl: string }>(
      "SELECT name, create_table_query AS ddl FROM system.tables WHERE database = 'analytics' AND engine LIKE '%MergeTree'",
    );
    // A refresh puts other rows into their place as a whole: nothing is inserted there, and nothing grows.
    const isReplaced = ({ name }: { name: string }) => name.startsWith("dim_") || name === "millrace_service_map";
    expect(
      made
        .filter(isReplaced)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...["dim_date", "dim_service", "dim_status_code", "dim_time", "dim_user", "millrace_service_map"]]);
    const tables = made.filter((table) => !isReplaced(table));
    expect(tables.map((table) => table.name).sort()).toEqual([
      "fact_event",
      "fact_event_dlq",
      "millrace_arrival_10s",
      "millrace_cohorts_1m",
      "millrace_dead_1m",
      "millrace_dim_refreshes",
      "millrace_event_1m",
      "millrace_gaps",
      "millrace_latency",
      "millrace_migrations",
      "millrace_offsets_1m",
      "millrace_replays",
      "millrace_writers",
    ]);
    for (const { name, ddl } of tables) {
      expect(ddl, name).toContain("non_replicated_deduplication_window = 100000");
      // The memory of what must not happen twice, and of who has written here.
      const kept = ["millrace_dim_refreshes", "millrace_migrations", "millrace_replays", "millrace_writers"];
      if (kept.includes(name)) continue;
      expect(ddl, name).toMatch(/TTL toDate\(\w+\) \+ toIntervalDay\(\d+\)/);
    }
  });

  it("makes at most two materialized views on the facts and one on the dead letters", async () => {
    const views = await rowsOf<{ name: string; source: string }>(
      `SELECT name, extract(create_table_query, 'FROM analytics\\.(\\w+)') AS source FROM system.tables
       WHERE database = 'analytics' AND engine = 'MaterializedView' ORDER BY name`,
    );
    expect(views).toEqual([
      { name: "mv_millrace_arrival_10s", source: "fact_event" },
      { name: "mv_millrace_dead_1m", source: "fact_event_dlq" },
      { name: "mv_millrace_event_1m", source: "fact_event" },
    ]);
  });

  it("has the columns of the replaced system's fact table in its order, and the cluster after them", async () => {
    const columns = await rowsOf<{ name: string }>(
      "SELECT name FROM system.columns WHERE database = 'analytics' AND table = 'fact_event' ORDER BY position",
    );
    const replaced =
      "event_ts ingest_ts kafka_ts spark_ingest_ts processed_ts stored_ts created_ts ingest_ms process_ms service domain " +
      "api_group event_name result request_id event_id method route_template path status_code status_synthetic " +
      "duration_ms level event user_id order_id payment_id reason_code product_id amount topic kafka_partition " +
      "kafka_offset kafka_key raw_json kafka_cluster";
    expect(columns.map((column) => column.name).join(" ")).toBe(replaced);
  });
});

describe("migrate() refuses", () => {
  it("a file that was changed after it had been applied, naming it", async () => {
    const directory = await directoryWith("0003_fact_event_dlq.sql", (text) => text.replace("ZSTD(3)", "ZSTD(4)"));
    await expect(migrate(client, { directory })).rejects.toMatchObject({
      code: "E_MIGRATION",
      message: expect.stringContaining("0003_fact_event_dlq.sql was changed after it was applied"),
    });
  });

  it("a server that has a version for which there is no file", async () => {
    const directory = await directoryWith(lastName, (text) => text);
    await rm(join(directory, lastName));
    await expect(migrate(client, { directory })).rejects.toMatchObject({
      code: "E_MIGRATION",
      message: expect.stringContaining(`${lastName}, for which there is no file`),
    });
  });

  it("a statement that the server refuses, with file, number and reason, and does not record the file", async () => {
    const directory = await directoryWith(
      `${nextNumber}_broken.sql`,
      () => `${header}SELECT 1;\nSELECT no_such_column;\n`,
    );
    await expect(migrate(client, { directory })).rejects.toMatchObject({
      code: "E_MIGRATION",
      message: expect.stringMatching(/\d_broken\.sql, statement 2 of 2 .*no_such_column/s),
    });
    expect(await migrate(client)).toMatchObject({ alreadyApplied: version });
  });
});

it("migrate() with dryRun reports the SQL and changes nothing", async () => {
  const sql = "CREATE TABLE IF NOT EXISTS analytics.extra (x UInt8) ENGINE = {engine:MergeTree} ORDER BY x;\n";
  const directory = await directoryWith(`${nextNumber}_extra.sql`, () => header + sql);
  const report = await migrate(client, { directory, dryRun: true });
  expect(report.applied).toEqual([
    {
      version: version + 1,
      name: `${nextNumber}_extra.sql`,
      durationMs: 0,
      statements: ["CREATE TABLE IF NOT EXISTS analytics.extra (x UInt8) ENGINE = MergeTree ORDER BY x"],
    },
  ]);
  expect(await rowsOf("SELECT name FROM system.tables WHERE database = 'analytics' AND name = 'extra'")).toEqual([]);
});
