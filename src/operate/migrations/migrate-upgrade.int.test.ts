import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { type ClickHouseServer, startClickHouse } from "../../embedded/clickhouse/server.ts";
import { migrate, migrationsDirectory } from "./migrate.ts";

let scratch: string;
let server: ClickHouseServer;
let client: ClickHouseClient;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "millrace-upgrade-"));
  server = await startClickHouse({ port: 0, dataDir: join(scratch, "data") });
  client = createClient({ url: `http://127.0.0.1:${server.port}`, log: { level: ClickHouseLogLevel.OFF } });
});

afterAll(async () => {
  await client.close();
  await server.close();
  await rm(scratch, { recursive: true, force: true });
});

it("0011 brings tables with rows up to date, also when it is cut off at its end and sent again", async () => {
  const directory = join(scratch, "migrations");
  const names = (await readdir(migrationsDirectory)).sort();
  for (const name of names.slice(0, 10)) await cp(join(migrationsDirectory, name), join(directory, name));
  await migrate(client, { directory });
  for (const query of [
    `INSERT INTO analytics.millrace_gaps (topic, partition, first_offset, last_offset, reason, \`group\`, absent)
      VALUES ('t', 0, 1, 2, 'absent', 'g', 2)`,
    `INSERT INTO analytics.fact_event_dlq (ingest_ts, processed_ts, error_type, pipeline)
      VALUES (now64(3), now64(3), 'x', 'events')`,
  ]) {
    await client.command({ query });
  }
  const text = await readFile(join(migrationsDirectory, "0011_origin.sql"), "utf8");
  await writeFile(join(directory, "0011_origin.sql"), `${text}\nSELECT no_such_column;\n`);
  await expect(migrate(client, { directory })).rejects.toThrow(/no_such_column/);
  expect(await migrate(client)).toMatchObject({ version: names.length });
  const rows = await queryRows(
    client,
    `SELECT (SELECT groupArray((first_offset, toString(kafka_cluster))) FROM analytics.millrace_gaps) AS gaps,
      (SELECT sum(created_cnt) FROM analytics.fact_event_created_stored_1m) AS created`,
  );
  expect(rows).toEqual([{ gaps: [[1, ""]], created: 1 }]);
});
