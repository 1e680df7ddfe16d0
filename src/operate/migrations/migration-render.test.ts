import { expect, it } from "vitest";
import { migrationsDirectory } from "./migrate.ts";
import { readMigrationFiles } from "./migration-files.ts";
import { renderStatement } from "./migration-render.ts";
import { checkMigrationSettings, defaultMigrationSettings, type MigrationSettings } from "./migration-settings.ts";
import { splitStatements } from "./migration-sql.ts";

async function renderAll(settings: MigrationSettings): Promise<string[]> {
  const files = await readMigrationFiles(migrationsDirectory);
  return files.flatMap((file) => file.statements.map((statement) => renderStatement(statement, settings, file.name)));
}

function render(sql: string, settings = defaultMigrationSettings): string {
  return renderStatement(splitStatements(sql)[0]!, settings, "0001_x.sql");
}

const cluster = { ...defaultMigrationSettings, replicated: true, cluster: "main" };

it("renderStatement() makes every table of the migrations replicated and every statement ON CLUSTER", async () => {
  const statements = await renderAll(cluster);
  for (const statement of statements) expect(statement).toContain("ON CLUSTER 'main'");
  const tables = statements.filter((statement) => statement.startsWith("CREATE TABLE"));
  const nameOf = (table: string) => /analytics\.(\w+)/.exec(table)![1]!;
  // The history, and what is the same on every shard.
  const onAllShards = ["millrace_migrations", "millrace_dim_refreshes", "millrace_service_map"];
  const dimensions = ["dim_date", "dim_service", "dim_status_code", "dim_time", "dim_user"];
  expect(tables.map(nameOf)).toEqual(expect.arrayContaining(["fact_event", ...onAllShards, ...dimensions]));
  for (const table of tables) {
    const name = nameOf(table);
    const isReplaced = [...dimensions, "millrace_service_map"].includes(name);
    const shard = isReplaced || onAllShards.includes(name) ? "all" : "{shard}";
    const engine = /ENGINE = Replicated(Aggregating|Replacing)?MergeTree\((.*)\)$/m.exec(table);
    expect(engine?.[2]).toBe(`'/clickhouse/tables/${shard}/analytics/${name}', '{replica}'`);
    // Nothing is inserted there: a refresh replaces the whole.
    if (isReplaced) continue;
    expect(table).toContain(
      "replicated_deduplication_window = 100000, replicated_deduplication_window_seconds = 86400",
    );
    expect(table).not.toContain("non_replicated");
  }
});

it("renderStatement() leaves no placeholder in the plain variant", async () => {
  const parameter = /\{(from|to|step|by|clock):(DateTime64\(3\)|UInt32|String)\}/g;
  for (const statement of await renderAll(defaultMigrationSettings)) {
    const isParametrised = /^CREATE OR REPLACE VIEW/.test(statement);
    expect(isParametrised ? statement.replaceAll(parameter, "") : statement).not.toMatch(/[{}]|Replicated/);
  }
});

it("renderStatement() writes the TTL of each kind, and none for 0 days", async () => {
  const ttlDays = { fact: 0, dead_letter: 3, latency: 4, aggregate: 5, realtime: 6 };
  const sql = (await renderAll({ ...defaultMigrationSettings, ttlDays })).join("\n");
  expect(sql).not.toContain("toDate(event_ts) + INTERVAL");
  expect(sql.match(/TTL .*/g)).toEqual([
    "TTL toDate(processed_ts) + INTERVAL 3 DAY",
    "TTL toDate(ts) + INTERVAL 4 DAY",
    "TTL toDate(bucket) + INTERVAL 6 DAY",
    "TTL toDate(bucket) + INTERVAL 5 DAY",
    "TTL toDate(bucket) + INTERVAL 3 DAY",
    "TTL toDate(bucket) + INTERVAL 5 DAY",
    "TTL toDate(bucket) + INTERVAL 5 DAY",
  ]);
});

it("renderStatement() makes everything in the database of the settings", async () => {
  const statements = await renderAll({ ...cluster, database: "logs" });
  expect(statements[0]).toBe("CREATE DATABASE IF NOT EXISTS logs ON CLUSTER 'main'");
  expect(statements.join("\n")).toContain("'/clickhouse/tables/{shard}/logs/fact_event'");
  expect(statements.join("\n")).toContain("target_table = 'logs.fact_event'");
  expect(statements.join("\n")).not.toContain("analytics");
});

it("renderStatement() leaves literals alone", () => {
  expect(render("SELECT '{engine:MergeTree} {x}' {on_cluster}", cluster)).toBe(
    "SELECT '{engine:MergeTree} {x}' ON CLUSTER 'main'",
  );
});

it("renderStatement() leaves the parameter of a parametrised view to the server", () => {
  expect(render("SELECT {parameter:from:DateTime64(3)}, {parameter:by:String}")).toBe(
    "SELECT {from:DateTime64(3)}, {by:String}",
  );
});

it.each([
  "{nothing}",
  "{parameter:from}",
  "{from:DateTime}",
  "{ttl:fact}",
  "{ttl:other:ts}",
  "{engine}",
  "{engine:Log}",
  "{engine:MergeTree}",
])("renderStatement() refuses %s in a statement that makes no table", (placeholder) => {
  expect(() => render(`SELECT 1 ${placeholder}`)).toThrow(`0001_x.sql has the unknown placeholder ${placeholder}`);
});

it("checkMigrationSettings() keeps facts longer than an event may be late", () => {
  const withDays = (fact: number) => ({
    ...defaultMigrationSettings,
    ttlDays: { ...defaultMigrationSettings.ttlDays, fact },
  });
  for (const days of [0, 8, 400]) expect(() => checkMigrationSettings(withDays(days))).not.toThrow();
  for (const days of [1, 7]) expect(() => checkMigrationSettings(withDays(days))).toThrow(`ttlDays.fact ${days}`);
  for (const days of [-1, 1.5, Number.NaN])
    expect(() => checkMigrationSettings(withDays(days))).toThrow("whole number");
});

it("checkMigrationSettings() refuses a window of 0, a cluster of plain tables and a name that is not one", () => {
  const check = (change: Partial<MigrationSettings>) => () =>
    checkMigrationSettings({ ...defaultMigrationSettings, ...change });
  expect(check({ deduplicationWindowInserts: 0 })).toThrow("deduplicationWindowInserts 0");
  expect(check({ cluster: "main" })).toThrow("without replicated engines");
  expect(check({ replicated: true, cluster: "a'b" })).toThrow(`cluster "a'b"`);
});
