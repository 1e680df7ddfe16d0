/** Completeness and freshness as SQL tells them (migration 0016), from rows as a run writes them and dead letters. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { queryRows } from "../clients/clickhouse/query-rows.ts";
import { type ClickHouseServer, startClickHouse } from "../embedded/clickhouse/server.ts";
import { migrate } from "../operate/migrations/migrate.ts";
import { Cohorts } from "./cohorts.ts";
import { FlushStore } from "./flush-store.ts";
import { cohortsFlush } from "./latency-flush.ts";

const minuteMs = 60_000;
/** Begin of a minute ten minutes ago. */
const baseMs = Math.floor(Date.now() / minuteMs) * minuteMs - 10 * minuteMs;
const labels = { instance: "host:1", origin: { cluster: "c", group: "g" }, profile: "low", vcpus: 1 };

let folder: string;
let server: ClickHouseServer;
let client: ClickHouseClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-completeness-"));
  server = await startClickHouse({ port: 0, dataDir: join(folder, "data") });
  client = connectClickHouse({ url: `http://127.0.0.1:${server.port}`, user: undefined, password: undefined }, 2);
  await migrate(client, { eventTables: "kept" });
}, 60_000);

afterAll(async () => {
  await client?.close();
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask(sql: string): Promise<Record<string, unknown>[]> {
  return queryRows(client, `${sql} SETTINGS output_format_json_quote_64bit_integers = 0`);
}

function at(ms: number): string {
  return new Date(baseMs + ms).toISOString().replace("T", " ").replace("Z", "");
}

/** Each call with another `storedAfterMs`: the time is in the token. Stores records of the base minute's second 30, by event time, and a second later by Kafka time. */
async function store(pipeline: string, service: string, count: number, storedAfterMs: number): Promise<void> {
  const atMs = baseMs + 30_000;
  const startedMs = atMs + storedAfterMs;
  const cohorts = new Cohorts();
  const empty = new Float64Array(0);
  cohorts.record({
    ...{
      batches: [],
      rowCount: count,
      startedMs,
      endedMs: startedMs,
      insertSentMs: startedMs,
      acknowledgedMs: startedMs,
    },
    latency: [
      {
        ...{ group: service, produce: empty, fetch: empty },
        ...{
          eventAge: Float64Array.of(storedAfterMs, count),
          recordAge: Float64Array.of(storedAfterMs - 1_000, count),
        },
      },
    ],
  });
  const flush = cohortsFlush(new Map([[pipeline, cohorts]]), labels, startedMs);
  await new FlushStore(client).send([flush]);
  // Its answer was lost: it is sent again, and counts once.
  await new FlushStore(client).send([flush]);
}

const offsets = { topic: "t", kafka_partition: 0, kafka_cluster: "c", kafka_group: "g" };

async function addDeadLetters(pipeline: string, ...rows: Record<string, unknown>[]): Promise<void> {
  const values = rows.map((row) => ({ ...offsets, pipeline, error_type: "x", ...row }));
  await client.insert({ table: "analytics.fact_event_dlq", values, format: "JSONEachRow" });
}

const window = (clock: string, by: string) =>
  `FROM analytics.completeness(from = '${at(0)}', to = '${at(minuteMs)}', step = 60, clock = '${clock}', by = '${by}')`;
const counts = "created_cnt AS created, stored_cnt AS stored, dead_cnt AS dead";

it("climbs to 100 % as a minute's events are stored, and says how soon they were", async () => {
  const read = () =>
    ask(`SELECT ${counts}, stored_10s_cnt AS in10s, stored_1m_cnt AS in1m, stored_5m_cnt AS in5m,
      round(stored_10s_ratio, 3) AS share10s ${window("event", "")}`);
  expect(await read()).toEqual([]);
  await store("events", "auth", 6, 5_000);
  expect(await read()).toEqual([{ created: 6, stored: 6, dead: 0, in10s: 6, in1m: 6, in5m: 6, share10s: 1 }]);
  await store("events", "order", 3, 200_000);
  expect(await read()).toEqual([{ created: 9, stored: 9, dead: 0, in10s: 6, in1m: 6, in5m: 9, share10s: 0.667 }]);
});

it("is told by pipeline: other pipelines' dead letters are in no other's figures, and those without a time count by arrival", async () => {
  await store("net.dns", "", 10, 1_000);
  const times = { ingest_ts: at(31_000), processed_ts: at(31_500) };
  await addDeadLetters("events", { ...times, created_ts: at(30_000), service: "auth", kafka_offset: 1 });
  await addDeadLetters(
    "net.dns",
    { ...times, kafka_offset: 2 },
    { ...times, created_ts: at(-minuteMs), kafka_offset: 3 },
  );
  const byPipeline = (clock: string) =>
    ask(`SELECT pipeline, ${counts}, round(stored_ratio, 3) AS ratio ${window(clock, "pipeline")} ORDER BY pipeline`);
  expect(await byPipeline("event")).toEqual([
    { pipeline: "events", created: 10, stored: 9, dead: 1, ratio: 0.9 },
    { pipeline: "net.dns", created: 11, stored: 10, dead: 1, ratio: 0.909 },
  ]);
  expect(await byPipeline("kafka")).toEqual([
    { pipeline: "events", created: 10, stored: 9, dead: 1, ratio: 0.9 },
    { pipeline: "net.dns", created: 12, stored: 10, dead: 2, ratio: 0.833 },
  ]);
  expect(await ask(`SELECT service, ${counts} ${window("event", "service")} ORDER BY service`)).toEqual([
    { service: "", created: 11, stored: 10, dead: 1 },
    { service: "auth", created: 7, stored: 6, dead: 1 },
    { service: "order", created: 3, stored: 3, dead: 0 },
  ]);
});

it("counts a dead letter that a replay has stored as stored alone", async () => {
  await store("events", "auth", 1, 400_000);
  const columns = "topic, kafka_partition, kafka_offset, pipeline, kafka_cluster, kafka_group, outcome";
  await client.command({
    query: `INSERT INTO analytics.millrace_replays (${columns}) VALUES ('t', 0, 1, 'events', 'c', 'g', 'stored')`,
  });
  expect(await ask(`SELECT pipeline, ${counts} ${window("event", "pipeline")} ORDER BY pipeline LIMIT 1`)).toEqual([
    { pipeline: "events", created: 10, stored: 10, dead: 0 },
  ]);
});

it("takes the rows of a pipeline into the dead letters' table for stored ones", async () => {
  const writer = { topic: "logs.dlq", kafka_cluster: "c", kafka_group: "g", pipeline: "dead-letters" };
  await client.insert({
    ...{ table: "analytics.millrace_writers", format: "JSONEachRow" },
    values: [{ target_table: "analytics.fact_event_dlq", ...writer }],
  });
  await store("dead-letters", "", 2, 2_000);
  const times = { ingest_ts: at(31_000), processed_ts: at(31_500) };
  await addDeadLetters("dead-letters", { ...times, kafka_offset: 7 }, { ...times, kafka_offset: 8 });
  const [row] = await ask(`SELECT pipeline, ${counts} ${window("kafka", "pipeline")} ORDER BY pipeline LIMIT 1`);
  expect(row).toEqual({ pipeline: "dead-letters", created: 2, stored: 2, dead: 0 });
});

it("knows the newest record by event and by Kafka time, and its age", async () => {
  const rows = await ask(`SELECT clock, newest, age_s FROM analytics.freshness
    WHERE pipeline = 'events' AND service = 'order' ORDER BY clock`);
  expect(rows).toMatchObject([
    { clock: "event", newest: at(30_000) },
    { clock: "kafka", newest: at(31_000) },
  ]);
  const sinceMs = Date.now() - baseMs;
  for (const [index, { age_s }] of rows.entries()) {
    const expected = sinceMs / 1_000 - 30 - index;
    expect(age_s).toBeLessThanOrEqual(expected);
    expect(age_s).toBeGreaterThan(expected - 60);
  }
});

it("refuses another clock and other dimensions, and says what it takes", async () => {
  await expect(ask(`SELECT 1 ${window("arrival", "")}`)).rejects.toThrow("clock is event or kafka");
  await expect(ask(`SELECT 1 ${window("event", "topic")}`)).rejects.toThrow("by takes pipeline and service");
});
