import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { type Admin, Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectClickHouse } from "../../clients/clickhouse/connect.ts";
import { ensureTopics } from "../../clients/kafka/topics.ts";
import { defaultTopics } from "../../config/topics.ts";
import { noLateRows } from "../../core/lateness.ts";
import { type ClickHouseServer, startClickHouse } from "../../embedded/clickhouse/server.ts";
import { startKafkaBroker } from "../../embedded/kafka/server.ts";
import { runMillrace } from "../../testing/run-millrace.ts";

/**
 * Late events on the whole path (S3-11, S4-8 to S4-10), with the real engine: they land in the day of their own time and
 * correct the figures of the minute in which they happened. What counts as late depends on the records, not on the
 * broker, so the embedded one does.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const nowMs = Date.now();
/** In the middle of a minute, so that "5 minutes before" is a minute of its own. */
const eventMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - 30_000;
const lags = {
  now: 0,
  "5 minutes": 5 * MINUTE_MS,
  "15 minutes": 15 * MINUTE_MS,
  "3 days": 3 * DAY_MS,
  "8 days": 8 * DAY_MS,
};

let scratch: string;
let broker: { port: number; close(): Promise<void> };
let clickHouse: ClickHouseServer;
let client: ClickHouseClient;
let admin: Admin;
let producer: Producer;
let env: Record<string, string>;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "millrace-lateness-"));
  broker = await startKafkaBroker({ port: 0, dataDir: join(scratch, "kafka") });
  clickHouse = await startClickHouse({ port: 0, dataDir: join(scratch, "clickhouse") });
  const url = `http://127.0.0.1:${clickHouse.port}`;
  env = { KAFKA_BROKERS: `127.0.0.1:${broker.port}`, CLICKHOUSE_URL: url };
  client = connectClickHouse({ url, user: undefined, password: undefined }, 4);
  const kafka = new Kafka({ brokers: [`127.0.0.1:${broker.port}`], logLevel: logLevel.NOTHING });
  [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic: "logs.auth", numPartitions: 1 }] });
});

afterAll(async () => {
  await Promise.allSettled([producer.disconnect(), admin.disconnect(), client.close()]);
  await Promise.allSettled([broker.close(), clickHouse.close()]);
  await rm(scratch, { recursive: true, force: true });
});

async function rows<T>(query: string): Promise<T[]> {
  return (await client.query({ query, format: "JSONEachRow" })).json<T>();
}

/** Sends one event for each lag as records of `recordMs(lag)`, and drains. */
async function ingest(lagsMs: Record<string, number>, recordMs: (lagMs: number) => number) {
  const messages = Object.entries(lagsMs).map(([key, lagMs]) => ({
    key,
    timestamp: String(recordMs(lagMs)),
    value: JSON.stringify({ event_id: key, service: "auth", domain: "auth", status_code: 200, ts_ms: eventMs - lagMs }),
  }));
  await producer.send({ topic: "logs.auth", messages });
  await ensureTopics(admin, defaultTopics);
  const run = await runMillrace(["start", "--until-end", "--json"], env);
  expect([run.stderr, run.code]).toEqual(["", 0]);
  return JSON.parse(run.stdout);
}

/** Events in the minute of each lag, by the aggregate. */
async function minutes(): Promise<Record<string, number>> {
  const found = await rows<{ bucket: number; total: number }>(
    `SELECT toUnixTimestamp(bucket) AS bucket, toUInt32(countMerge(total_state)) AS total
     FROM analytics.millrace_event_1m GROUP BY bucket`,
  );
  const totals = new Map(found.map(({ bucket, total }) => [bucket * 1000, total]));
  const minuteOf = (lagMs: number) => Math.floor((eventMs - lagMs) / MINUTE_MS) * MINUTE_MS;
  return Object.fromEntries(Object.entries(lags).map(([name, lagMs]) => [name, totals.get(minuteOf(lagMs)) ?? 0]));
}

it("keeps late events in their own day, counts them by band, and corrects the minute in which they happened", async () => {
  // Sent when they happened. The newest of them must not be late, or it would not be told from those below.
  const { "8 days": _, ...inTime } = lags;
  const first = await ingest(inTime, (lagMs) => eventMs - lagMs);
  expect(first).toMatchObject({ stored: 4, dead: 0, counts: { lateByBand: noLateRows() } });
  expect(await minutes()).toEqual({ now: 1, "5 minutes": 1, "15 minutes": 1, "3 days": 1, "8 days": 0 });

  const second = await ingest(lags, () => eventMs);
  expect(second).toMatchObject({ stored: 4, dead: 1, missing: 0, duplicate: 0, deadByType: { event_time_range: 1 } });
  expect(second.counts.lateByBand).toEqual({ ...noLateRows(), "1m-10m": 1, "10m-1h": 1, "1d-3d": 1 });
  expect(await minutes()).toEqual({ now: 2, "5 minutes": 2, "15 minutes": 2, "3 days": 2, "8 days": 0 });
  // Late, not slow: three days are in no latency that begins at the event.
  expect(second.latencyMs.produce.count).toBe(3);
  expect(second.latencyMs.pipeline.count).toBe(4);

  const days = await rows(
    `SELECT partition, toUInt32(sum(rows)) AS rows FROM system.parts
     WHERE database = 'analytics' AND table = 'fact_event' AND active GROUP BY partition ORDER BY partition`,
  );
  const dayOf = (lagMs: number) => new Date(eventMs - lagMs).toISOString().slice(0, 10);
  const wanted = Map.groupBy(Object.values(inTime), dayOf);
  expect(days).toEqual(
    [...wanted]
      .map(([partition, found]) => ({ partition, rows: 2 * found.length }))
      .sort((a, b) => (a.partition < b.partition ? -1 : 1)),
  );
  const deadLetters = await rows(
    "SELECT event_id, error_type, toUnixTimestamp64Milli(created_ts) AS created FROM analytics.fact_event_dlq",
  );
  expect(deadLetters).toEqual([
    { event_id: "8 days", error_type: "event_time_range", created: eventMs - lags["8 days"] },
  ]);
});
