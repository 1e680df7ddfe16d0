import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startClickHouse } from "../embedded/clickhouse/server.ts";
import { startKafkaBroker } from "../embedded/kafka/server.ts";
import { heldClocksOf, heldClocksQuery } from "../ingest/sink/held-clocks.ts";
import { buildPlans } from "../run/plans.ts";
import { eventsPipeline } from "../schema/events-pipeline.ts";
import { type RecordedQuery, startQueryRecorder } from "../testing/query-recorder.ts";
import { runMillrace } from "../testing/run-millrace.ts";
import { migrationFiles, statementsOf } from "../testing/sql-files.ts";
import { coversColumns, type Grant, readGrants } from "../testing/sql-grants.ts";

/**
 * The embedded engine has no users, so nothing can be refused here. What can be known is which tables and columns the
 * program's queries really touch: the statements of a run of all its commands are recorded, resolved by the engine's own
 * analyser, and compared with what sql/access grants.
 */

const accessFolder = join(import.meta.dirname, "../../sql/access");
const sourceFolder = join(import.meta.dirname, "..");

/** What the writer runs: first what stores, then, all at a time, what looks at it. */
const storing = ["start", "--until-end", "--json"];
const asking: string[][] = [
  ["latency", "--json"],
  ["doctor", "--json"],
  ["reconcile", "--json"],
  ["dlq", "list", "--json"],
];

let folder: string;
let servers: { close(): Promise<unknown> }[];
let clickHouseUrl: string;
let ask: (sql: string, parameters?: Record<string, string>) => Promise<string>;
let touched: { table: string; columns: string[] }[];
let written: Set<string>;
const grants: Record<string, Grant[]> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-access-"));
  const [clickHouse, broker] = await Promise.all([
    startClickHouse({ port: 0, dataDir: join(folder, "clickhouse") }),
    startKafkaBroker({ port: 0, dataDir: join(folder, "kafka") }),
  ]);
  servers = [clickHouse, broker];
  const url = `http://127.0.0.1:${clickHouse.port}`;
  clickHouseUrl = url;
  ask = async (sql, parameters = {}) => {
    const response = await fetch(`${url}/?${new URLSearchParams(parameters)}`, { method: "POST", body: sql });
    const text = await response.text();
    if (!response.ok) throw new Error(`${text}\n${sql}`);
    return text;
  };
  const recorder = await startQueryRecorder(clickHouse.port);
  servers.unshift(recorder);
  const env = { KAFKA_BROKERS: `127.0.0.1:${broker.port}`, CLICKHOUSE_URL: recorder.url };
  await Promise.all([runMillrace(["topics", "apply"], env), runMillrace(["migrate", "--events"], env)]);
  await runMillrace(["simulate", "--events", "300", "--eps", "3000", "--bad-rate", "0.1"], env);
  // What the migrator asks is not the writer's affair.
  recorder.queries.length = 0;
  const runWell = async (command: string[]) => expect(await runMillrace(command, env)).toMatchObject({ code: 0 });
  await runWell(storing);
  await Promise.all(asking.map(runWell));
  ({ touched, written } = await readRecorded(recorder.queries));
  for (const user of ["writer", "reader", "migrator"]) {
    grants[user] = readGrants(await readFile(join(accessFolder, `${user}.sql`), "utf8"));
  }
}, 120_000);

afterAll(async () => {
  await Promise.allSettled(servers.map((server) => server.close()));
  await rm(folder, { recursive: true, force: true });
});

/** What the recorded queries read, column by column, and the tables that they insert into. */
async function readRecorded(queries: RecordedQuery[]): Promise<{ touched: typeof touched; written: Set<string> }> {
  const reads: typeof touched = [];
  const inserts = new Set<string>();
  const distinct = new Map(queries.map((query) => [JSON.stringify(query), query]));
  for (const query of distinct.values()) {
    const target = /^\s*INSERT\s+INTO\s+([\w.`]+)/i.exec(query.sql)?.[1];
    if (target !== undefined) inserts.add(target.replaceAll("`", ""));
    else if (/^\s*(SELECT|WITH)\b/i.test(query.sql)) reads.push(...(await resolve(query)));
  }
  return { touched: reads, written: inserts };
}

/** The tables and columns of a query, as the engine's analyser resolves them. */
async function resolve({ sql, parameters }: RecordedQuery): Promise<typeof touched> {
  const query = sql.trim().replace(/\s+FORMAT\s+\w+\s*;?$/i, "");
  const tree = await ask(`EXPLAIN QUERY TREE run_passes = 1, passes = 1 ${query} FORMAT TSVRaw`, parameters);
  const tables = new Map<string, string>();
  for (const [, id, name] of tree.matchAll(/TABLE id: (\d+),.*?table_name: ([\w.]+)/g)) tables.set(id!, name!);
  const columns = Map.groupBy(
    [...tree.matchAll(/COLUMN id: \d+, column_name: (\w+),.*?source_id: (\d+)/g)],
    ([, , source]) => source!,
  );
  return [...tables].map(([id, table]) => ({
    table,
    columns: [...new Set((columns.get(id) ?? []).map(([, column]) => column!))],
  }));
}

describe("sql/access", () => {
  it("is SQL that ClickHouse understands, with a place for the password's hash and no password", async () => {
    for (const user of ["writer", "reader", "migrator", "grafana"]) {
      const text = await readFile(join(accessFolder, `${user}.sql`), "utf8");
      for (const statement of statementsOf(text)) {
        const literal = statement.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
        await ask(`SELECT formatQuerySingleLine('${literal}')`);
      }
      const identified = text.match(/IDENTIFIED.*/g)!.map((line) => line.replace(/;$/, ""));
      expect(identified).toEqual(["IDENTIFIED WITH sha256_hash BY '{password_sha256}'"]);
    }
    await expect(ask("SELECT formatQuerySingleLine('GRANT SELEC ON a.b TO c')")).rejects.toThrow("SYNTAX_ERROR");
  });

  it("lets the writer read every table and column that the program's queries touch", () => {
    const refused = touched
      // Every user may read system.one, which stands for no table at all.
      .filter(({ table }) => table !== "system.one")
      .filter(({ table, columns }) => !coversColumns(grants.writer!, "SELECT", table, columns));
    expect([...new Set(refused.map(({ table, columns }) => `${table}(${columns.join(", ")})`))]).toEqual([]);
    const tables = new Set(touched.map(({ table }) => table));
    expect(tables).toContain("analytics.fact_event");
    expect(tables).toContain("analytics.millrace_migrations");
    expect(tables).toContain("system.columns");
  });

  it("lets the writer read what a repeat of an insert looks up", async () => {
    const client = createClient({ url: clickHouseUrl });
    const [plan] = await buildPlans(client, [eventsPipeline]).finally(() => client.close());
    const { table, columns, clockDefaults, ingesterClocks, coordinates, partitionKey } = plan!;
    expect(clockDefaults.map(({ name }) => name)).toEqual(["stored_ts"]);
    expect(ingesterClocks).toEqual(["spark_ingest_ts", "processed_ts"]);
    const into = { table, columns, clockDefaults, ingesterClocks, coordinates, partitionKey };
    const at = { ...into, members: [{ topic: "t", partition: 0, firstOffset: 7, lastOffset: 7, rowCount: 1 }] };
    const rows = { bytes: new Uint8Array(0), rowCount: 1, rowStarts: new Uint32Array(2), offsets: Float64Array.of(7) };
    const batch = { ...at, ...rows, format: plan!.format };
    const held = heldClocksOf(batch, { firstRow: 0, endRow: 1, shareCount: 2, shareIndex: 0 });
    const sql = heldClocksQuery(table, held!, `${partitionKey} != today() AND `);
    const [read] = await resolve({ sql, parameters: {} });
    expect(read!.columns.sort()).toEqual([
      ...["event_ts", "kafka_offset", "kafka_partition", "processed_ts", "spark_ingest_ts", "stored_ts", "topic"],
    ]);
    expect(coversColumns(grants.writer!, "SELECT", read!.table, read!.columns)).toBe(true);
  });

  it("would notice a column that the writer may not read", async () => {
    const [read] = await resolve({
      sql: "SELECT raw_json FROM analytics.fact_event WHERE topic = {t:String}",
      parameters: { param_t: "logs.auth" },
    });
    expect(read).toMatchObject({ table: "analytics.fact_event", columns: ["raw_json", "topic"] });
    expect(coversColumns(grants.writer!, "SELECT", read!.table, read!.columns)).toBe(false);
  });

  it("lets the writer insert where the program inserts, and nowhere else", () => {
    expect([...written].sort()).toEqual(expect.arrayContaining(["analytics.fact_event", "analytics.fact_event_dlq"]));
    for (const table of written) expect(coversColumns(grants.writer!, "INSERT", table, []), table).toBe(true);
    const rights = grants.writer!.flatMap((grant) => grant.rights.map(({ right }) => right));
    expect([...new Set(rights)].sort()).toEqual([
      ...["CREATE TEMPORARY TABLE", "INSERT", "SELECT", "SHOW COLUMNS", "SHOW TABLES"],
    ]);
  });

  it("grants the writer every system table that the source names", async () => {
    // `millrace diag` asks as the reader, which a test of its own compares with.
    const files = (await readdir(sourceFolder, { recursive: true })).filter(
      (name) => name.endsWith(".ts") && !/\.test\.ts$|^testing\/|^embedded\/|^operate\/diagnosis\//.test(name),
    );
    const named = new Set<string>();
    for (const name of files) {
      const text = await readFile(join(sourceFolder, name), "utf8");
      for (const [, table] of text.matchAll(/(?:FROM|JOIN)\s+(system\.[a-z_]+)/g)) named.add(table!);
    }
    expect(named).toContain("system.columns");
    for (const table of named) expect(coversColumns(grants.writer!, "SELECT", table, []), table).toBe(true);
  });

  it("shows the reader all that the migrations make, except their own history, and nothing that is not there", async () => {
    const made = (await ask("SELECT name FROM system.tables WHERE database = 'analytics' ORDER BY name"))
      .trim()
      .split("\n");
    const readable = grants.reader!.flatMap(({ on }) =>
      on.startsWith("analytics.") ? [on.slice("analytics.".length)] : [],
    );
    expect(readable.sort()).toEqual(made.filter((name) => name !== "millrace_migrations" && !name.startsWith("mv_")));
    expect(grants.reader!.flatMap((grant) => grant.rights.map(({ right }) => right))).not.toContain("INSERT");
  });

  it("bounds the reader as the replaced system did", async () => {
    const text = await readFile(join(accessFolder, "reader.sql"), "utf8");
    for (const bound of [
      ...["readonly = 2 CONST", "max_memory_usage = 1073741824 MIN 1 MAX 1073741824"],
      ...["max_threads = 4 MIN 1 MAX 4", "max_execution_time = 8 MIN 1 MAX 8", "priority = 10 CONST"],
    ]) {
      expect(text).toContain(bound);
    }
  });

  it("lets the migrator run every kind of statement of the migrations", async () => {
    const needed = new Set<string>();
    for (const statement of await migrationFiles()) {
      const head = statement.replace(/\s+/g, " ");
      if (/^CREATE DATABASE/.test(head)) needed.add("CREATE DATABASE");
      else if (/^CREATE (OR REPLACE )?TABLE/.test(head)) needed.add("CREATE TABLE");
      else if (/^CREATE (OR REPLACE )?(MATERIALIZED )?VIEW/.test(head)) needed.add("CREATE VIEW");
      else if (/^CREATE DICTIONARY/.test(head)) needed.add("CREATE DICTIONARY");
      else if (/^ALTER TABLE/.test(head)) needed.add("ALTER TABLE");
      else if (/^DROP TABLE/.test(head)) needed.add("DROP TABLE");
      else if (/^DROP VIEW/.test(head)) needed.add("DROP VIEW");
      else if (/^INSERT/.test(head)) needed.add("INSERT");
      else throw new Error(`a kind of statement that this test does not know: ${head.slice(0, 60)}`);
    }
    expect(needed.size).toBeGreaterThan(3);
    for (const right of needed) {
      expect(coversColumns(grants.migrator!, right, "analytics.anything", []), right).toBe(true);
    }
  });
});
