import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readEnvironment } from "../config/environment.ts";
import { type ClickHouseServer, startClickHouse } from "../embedded/clickhouse/server.ts";
import { migrationsDirectory } from "../operate/migrations/migrate.ts";
import { addMigrateCommand } from "./migrate.ts";

const version = (await readdir(migrationsDirectory)).length;

let dataDir: string;
let server: ClickHouseServer;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-migrate-command-"));
  server = await startClickHouse({ port: 0, dataDir });
});

afterAll(async () => {
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function run(...flags: string[]): Promise<string[]> {
  const lines: string[] = [];
  const program = new Command().exitOverride();
  const environment = readEnvironment({ CLICKHOUSE_URL: `http://127.0.0.1:${server.port}` });
  addMigrateCommand(program, environment, (line) => lines.push(line));
  await program.parseAsync(["migrate", ...flags], { from: "user" });
  return lines;
}

async function tables(): Promise<string[]> {
  const query = "SELECT name FROM system.tables WHERE database = 'analytics'";
  const answer = await fetch(`http://127.0.0.1:${server.port}`, { method: "POST", body: query });
  return (await answer.text()).split("\n");
}

it("millrace migrate prints the SQL of a dry run, applies it with the options given, then has nothing to do", async () => {
  const planned = await run("--events", "--dry-run", "--fact-ttl-days", "20");
  expect(planned).toContain("CREATE DATABASE IF NOT EXISTS analytics;");
  expect(planned.join("\n")).toContain("TTL toDate(event_ts) + INTERVAL 20 DAY");
  expect(await run("--events", "--dry-run", "--fact-ttl-days", "20")).toEqual(planned);

  expect((await run("--events", "--dry-run", "--cluster", "main")).join("\n")).toContain(
    "ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/analytics/fact_event', '{replica}')",
  );

  const own = await run();
  expect(own.join("\n")).not.toMatch(/fact_event\.sql|arrival|event_1m/);
  expect(own.at(-1)).toBe(`ClickHouse is at migration ${version}`);
  expect(await tables()).not.toContain("fact_event");
  expect(await run()).toEqual([`Nothing to do: ClickHouse is at migration ${version}`]);

  const applied = await run("--events", "--fact-ttl-days", "20");
  expect(applied[0]).toMatch(/^applied 0002_fact_event\.sql \(\d+ ms\)$/);
  expect(applied.at(-1)).toBe(`ClickHouse is at migration ${version}`);
  expect(await tables()).toContain("fact_event");

  expect(await run()).toEqual([`Nothing to do: ClickHouse is at migration ${version}`]);
  const [json] = await run("--json");
  expect(JSON.parse(json!)).toEqual({ dryRun: false, applied: [], alreadyApplied: version, version });
});

it("millrace migrate refuses an option out of bounds and a missing address, before anything is sent", async () => {
  await expect(run("--fact-ttl-days", "3")).rejects.toMatchObject({ code: "E_CONFIG" });
  await expect(run("--fact-ttl-days", "soon")).rejects.toMatchObject({
    code: "E_CONFIG",
    message: expect.stringContaining("--fact-ttl-days soon"),
  });
  const program = new Command().exitOverride();
  addMigrateCommand(program, readEnvironment({}));
  await expect(program.parseAsync(["migrate"], { from: "user" })).rejects.toMatchObject({ code: "E_CONFIG" });
});
