import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { type ClickHouseServer, startClickHouse } from "../../embedded/clickhouse/server.ts";
import { migrate } from "./migrate.ts";

let dataDir: string;
let server: ClickHouseServer;
let client: ClickHouseClient;

async function open(): Promise<void> {
  server = await startClickHouse({ port: 0, dataDir });
  client = createClient({ url: `http://127.0.0.1:${server.port}`, log: { level: ClickHouseLogLevel.OFF } });
}

async function close(): Promise<void> {
  await client.close();
  await server.close();
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-view-tokens-"));
  await open();
});

afterEach(async () => {
  await close();
  await rm(dataDir, { recursive: true, force: true });
});

/** One dead letter and one event of `time`, each under its token, as the sink sends them. */
async function insertBoth(time: string): Promise<void> {
  const inserts = [
    `INSERT INTO analytics.fact_event_dlq (ingest_ts, processed_ts, error_type, pipeline, topic, kafka_offset)
      VALUES ('${time}', '${time}', 'x', 'events', 't', 1)`,
    `INSERT INTO analytics.fact_event (event_ts, ingest_ts, processed_ts, stored_ts, service, topic, kafka_offset)
      VALUES ('${time}', '${time}', '${time}', '${time}', 's', 't', 2)`,
  ];
  for (const [index, query] of inserts.entries()) {
    const clickhouse_settings = {
      insert_deduplication_token: `token-${index}`,
      deduplicate_blocks_in_dependent_materialized_views: 1 as const,
      async_insert: 0 as const,
    };
    await client.command({ query, clickhouse_settings });
  }
}

it("a repeat behind a restart of ClickHouse adds nothing to the tables behind the migrated views", async () => {
  const time = new Date().toISOString().slice(0, 19).replace("T", " "); // of today: the tables forget older rows
  await migrate(client);
  await insertBoth(time);
  await close();
  await open();
  await insertBoth(time);
  const counts = `SELECT toUInt32((SELECT count() FROM analytics.fact_event_dlq)) AS deadLetters,
    toUInt32((SELECT sum(total) FROM analytics.millrace_dead_1m)) AS deadLettersByMinute,
    toUInt32((SELECT count() FROM analytics.fact_event)) AS events,
    toUInt32((SELECT sum(stored_cnt) FROM analytics.millrace_event_1m)) AS eventsByMinute`;
  expect(await queryRows(client, counts)).toEqual([
    { deadLetters: 1, deadLettersByMinute: 1, events: 1, eventsByMinute: 1 },
  ]);
});
