/**
 * The figures of the replaced system's tables (S0-55 to S0-60), for a handful of rows whose figures were worked out by
 * hand, on the real engine. The queries merge the states as the replaced system's queries do.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ClickHouseServer, startClickHouse } from "../../embedded/clickhouse/server.ts";
import { migrate } from "./migrate.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** Begin of a minute ten minutes ago: recent enough for every TTL. */
const baseMs = Math.floor(Date.now() / minuteMs) * minuteMs - 10 * minuteMs;

let scratch: string;
let server: ClickHouseServer;
let client: ClickHouseClient;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "millrace-views-"));
  server = await startClickHouse({ port: 0, dataDir: join(scratch, "data") });
  client = createClient({ url: `http://127.0.0.1:${server.port}`, log: { level: ClickHouseLogLevel.OFF } });
  await migrate(client);
  await insert("analytics.fact_event", "t:0:0-2", onTime);
  await insert("analytics.fact_event_dlq", "t:0:3-5", deadLetters);
});

afterAll(async () => {
  await client.close();
  await server.close();
  await rm(scratch, { recursive: true, force: true });
});

/** ClickHouse's text for a time `ms` after the base; the embedded server runs in UTC. */
function at(ms: number): string {
  return new Date(baseMs + ms).toISOString().replace("T", " ").replace("Z", "");
}

/** The same as a DateTime. */
function second(ms: number): string {
  return at(ms).slice(0, 19);
}

type Row = Record<string, unknown>;

function event(service: string, status: number, times: (number | null)[]): Row {
  const [event_ts, ingest_ts, spark_ingest_ts, processed_ts, stored_ts] = times.map((ms) =>
    ms === null ? null : at(ms),
  );
  const result = status >= 400 ? "fail" : "success";
  return { service, status_code: status, result, event_ts, ingest_ts, spark_ingest_ts, processed_ts, stored_ts };
}

// Offsets from the base in ms: event, ingest, received by Millrace, processed, stored.
const onTime = [
  event("auth", 200, [1_000, 1_100, 1_200, 1_250, 1_400]),
  event("auth", 500, [2_000, 2_500, 2_500, 2_500, 14_000]),
  // The producer's clock is a second ahead of Kafka's, and nothing says when Millrace received it.
  event("order", 404, [15_000, 14_000, null, 15_200, 15_300]),
];

const deadLetters = [
  {
    service: "auth",
    error_type: "json_parse_failed",
    ingest_ts: at(5_000),
    processed_ts: at(5_100),
    created_ts: at(4_000),
  },
  { service: null, error_type: "json_parse_failed", ingest_ts: at(6_000), processed_ts: at(6_100), created_ts: null },
  // Both clocks are absurd: it counts where Millrace processed it.
  {
    service: "auth",
    error_type: "event_time_absurd",
    ingest_ts: "1971-01-01 00:00:00.000",
    processed_ts: at(7_000),
    created_ts: "1999-01-01 00:00:00.000",
  },
];

async function insert(table: string, token: string, rows: Row[]): Promise<void> {
  await client.insert({
    table,
    values: rows,
    format: "JSONEachRow",
    columns: Object.keys(rows[0]!) as [string, ...string[]],
    clickhouse_settings: {
      insert_deduplication_token: token,
      deduplicate_blocks_in_dependent_materialized_views: 1,
      async_insert: 0,
    },
  });
}

async function rowsOf(query: string): Promise<Row[]> {
  const result = await client.query({
    query,
    format: "JSONEachRow",
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  return result.json<Row>();
}

/** Lowest and highest value of a state: t-digests keep both exactly. */
function range(state: string): string {
  return `[quantileTDigestMerge(0)(${state}), quantileTDigestMerge(1)(${state})] AS ${state.replace("_state", "")}`;
}

it("counts totals and errors by service, in 10 seconds and 1 minute of arrival", async () => {
  const query = (table: string) =>
    `SELECT bucket, service, countMerge(total_state) AS total, countMerge(errors_state) AS errors
     FROM analytics.${table} WHERE bucket >= '${second(0)}' GROUP BY bucket, service ORDER BY bucket, service`;
  expect(await rowsOf(query("fact_event_agg_10s"))).toEqual([
    { bucket: second(0), service: "auth", total: 2, errors: 1 },
    { bucket: second(10_000), service: "order", total: 1, errors: 0 },
  ]);
  expect(await rowsOf(query("fact_event_agg_1m"))).toEqual([
    { bucket: second(0), service: "auth", total: 2, errors: 1 },
    { bucket: second(0), service: "order", total: 1, errors: 0 },
  ]);
});

it("sums the lag in seconds and counts an event ahead of Kafka as skew", async () => {
  const query =
    "SELECT round(sum(sum_lag), 3) AS lag, sum(cnt) AS cnt, sum(skew_cnt) AS skew FROM analytics.fact_event_lag_1m";
  expect(await rowsOf(query)).toEqual([{ lag: 0.6, cnt: 3, skew: 1 }]);
});

it("measures e2e from the event, ops from Kafka, and each stage between its own two times", async () => {
  const states = ["e2e_state", "ops_state", "ingest_state", "spark_processing_state", "sink_state"]
    .map(range)
    .join(", ");
  const expected = {
    e2e: [300, 12_000],
    ops: [300, 11_500],
    ingest: [0, 500],
    spark_processing: [0, 50],
    sink: [100, 11_500],
  };
  for (const table of ["fact_event_latency_1m", "fact_event_latency_10s"]) {
    expect(await rowsOf(`SELECT ${states} FROM analytics.${table}`), table).toEqual([expected]);
  }
});

it("has the stages by service and by 10 seconds, without rows that lack a time", async () => {
  const stages = [
    "producer_to_kafka_state",
    "kafka_to_spark_ingest_state",
    "spark_processing_state",
    "spark_to_stored_state",
    "e2e_state",
  ];
  const auth = {
    producer_to_kafka: [100, 500],
    kafka_to_spark_ingest: [0, 100],
    spark_processing: [0, 50],
    spark_to_stored: [150, 11_500],
    e2e: [400, 12_000],
  };
  const query = (table: string, where: string) =>
    `SELECT ${stages.map(range).join(", ")} FROM analytics.${table} WHERE ${where} GROUP BY bucket`;
  expect(await rowsOf(query("fact_event_latency_service_1m", "service = 'auth'"))).toEqual([auth]);
  expect(await rowsOf(query("fact_event_latency_stage_10s", `bucket = '${second(0)}'`))).toEqual([auth]);
  const order = await rowsOf(query("fact_event_latency_service_1m", "service = 'order'"));
  // An empty state has no quantile: NaN, which JSON writes as null.
  expect(order).toMatchObject([{ producer_to_kafka: [0, 0], kafka_to_spark_ingest: [null, null], e2e: [300, 300] }]);
});

it("knows the newest arrival", async () => {
  const query =
    "SELECT bucket, maxMerge(max_ingest_state) AS newest FROM analytics.fact_event_freshness_1m GROUP BY bucket";
  expect(await rowsOf(query)).toEqual([{ bucket: second(0), newest: at(14_000) }]);
});

it("counts dead letters by reason in the minute of their arrival, absurd clocks in that of their processing", async () => {
  const query = `SELECT bucket, service, error_type, sum(total) AS total FROM analytics.fact_event_dlq_agg_1m
    GROUP BY bucket, service, error_type ORDER BY error_type, service`;
  expect(await rowsOf(query)).toEqual([
    { bucket: second(0), service: "auth", error_type: "event_time_absurd", total: 1 },
    { bucket: second(0), service: "auth", error_type: "json_parse_failed", total: 1 },
    { bucket: second(0), service: "unknown", error_type: "json_parse_failed", total: 1 },
  ]);
});

it("fills ingest_ms and process_ms with the differences, negative ones too", async () => {
  const query = "SELECT ingest_ms, process_ms FROM analytics.fact_event ORDER BY event_ts";
  expect(await rowsOf(query)).toEqual([
    { ingest_ms: 100, process_ms: 150 },
    { ingest_ms: 500, process_ms: 0 },
    { ingest_ms: -1_000, process_ms: 1_200 },
  ]);
});

/** Everything that the facts and aggregates say, without the rows' order. */
async function everything(): Promise<Row[]> {
  return rowsOf(`
    SELECT (SELECT count() FROM analytics.fact_event) AS facts,
           (SELECT count() FROM analytics.fact_event_dlq) AS dead,
           (SELECT countMerge(total_state) FROM analytics.millrace_arrival_10s) AS arrived,
           (SELECT sum(sum_lag_ms) FROM analytics.millrace_arrival_10s) AS lag,
           (SELECT countMerge(total_state) FROM analytics.millrace_event_1m) AS happened,
           (SELECT sum(total) FROM analytics.millrace_dead_1m) AS dead_counted`);
}

it("ignores a repeated token in the facts and in every aggregate, even with other processing times", async () => {
  const before = await everything();
  expect(before[0]).toMatchObject({ facts: 3, dead: 3, dead_counted: 3 });
  const repeated = onTime.map((row) => ({ ...row, processed_ts: at(500_000), stored_ts: at(500_001) }));
  await insert("analytics.fact_event", "t:0:0-2", repeated);
  await insert(
    "analytics.fact_event_dlq",
    "t:0:3-5",
    deadLetters.map((row) => ({ ...row, processed_ts: at(dayMs) })),
  );
  expect(await everything()).toEqual(before);
});

it("completes an aggregate that the first attempt missed, when the token is repeated", async () => {
  const rows = [event("payment", 200, [20_000, 20_000, 20_000, 20_000, 20_000])];
  const payments =
    "SELECT countMerge(total_state) AS total FROM analytics.fact_event_agg_10s WHERE service = 'payment'";
  await client.command({ query: "DETACH TABLE analytics.mv_millrace_arrival_10s" });
  await insert("analytics.fact_event", "t:0:6-6", rows);
  await client.command({ query: "ATTACH TABLE analytics.mv_millrace_arrival_10s" });
  expect(await rowsOf(payments)).toEqual([{ total: 0 }]);
  await insert("analytics.fact_event", "t:0:6-6", rows);
  expect(await rowsOf(payments)).toEqual([{ total: 1 }]);
  expect(await rowsOf("SELECT count() AS rows FROM analytics.fact_event WHERE service = 'payment'")).toEqual([
    { rows: 1 },
  ]);
});

it("corrects the minute of the event when a late row arrives, and keeps it in its own day", async () => {
  const minute = (ms: number) =>
    `SELECT countMerge(total_state) AS total, sum(stored_10s_cnt) AS in10s, sum(stored_1m_cnt) AS in1m,
       sum(stored_5m_cnt) AS in5m FROM analytics.millrace_event_1m WHERE bucket = '${second(ms)}' AND service IN ('auth', 'order')`;
  expect(await rowsOf(minute(0))).toEqual([{ total: 3, in10s: 2, in1m: 3, in5m: 3 }]);
  const late = [
    event("auth", 200, [3_000, 400_000, 400_000, 400_000, 400_100]),
    event("auth", 200, [-3 * dayMs, 400_000, 400_000, 400_000, 400_100]),
  ];
  await insert("analytics.fact_event", "t:0:7-8", late);
  expect(await rowsOf(minute(0))).toEqual([{ total: 4, in10s: 2, in1m: 3, in5m: 3 }]);
  expect(await rowsOf(minute(-3 * dayMs))).toEqual([{ total: 1, in10s: 0, in1m: 0, in5m: 0 }]);
  const partitions = await rowsOf(
    `SELECT partition, sum(rows) AS rows FROM system.parts
     WHERE database = 'analytics' AND table = 'fact_event' AND active AND partition = '${at(-3 * dayMs).slice(0, 10)}'
     GROUP BY partition`,
  );
  expect(partitions).toEqual([{ partition: at(-3 * dayMs).slice(0, 10), rows: 1 }]);
});

it("tells completeness by the minute in which events were made, dead letters included", async () => {
  const cohort = `SELECT sum(created_cnt) AS created, sum(stored_cnt) AS stored, sum(dead_cnt) AS dead
    FROM analytics.fact_event_completeness_1m WHERE bucket = '${second(0)}' AND service != 'payment'`;
  expect(await rowsOf(cohort)).toEqual([{ created: 7, stored: 4, dead: 3 }]);
  const replaced = `SELECT sum(created_cnt) AS created, sum(stored_cnt) AS stored
    FROM analytics.fact_event_created_stored_1m WHERE bucket = '${second(0)}'`;
  expect(await rowsOf(replaced)).toEqual([{ created: 8, stored: 5 }]);
});

it("leaves dead letters of pipelines that write into other tables out of completeness", async () => {
  const created = `SELECT sum(created_cnt) AS created FROM analytics.fact_event_created_stored_1m WHERE bucket = '${second(0)}'`;
  const [before] = await rowsOf(created);
  const deadLetter = { error_type: "x", ingest_ts: at(0), processed_ts: at(0), created_ts: at(0), service: "auth" };
  await insert("analytics.fact_event_dlq", "t:4:0-1", [
    { ...deadLetter, pipeline: "net.dns" },
    { ...deadLetter, pipeline: "events" },
  ]);
  await insert("analytics.millrace_writers", "w", [
    { target_table: "net.dns", topic: "dns", kafka_cluster: "c", kafka_group: "g", pipeline: "net.dns" },
    {
      target_table: "analytics.fact_event",
      topic: "logs.auth",
      kafka_cluster: "c",
      kafka_group: "g",
      pipeline: "events",
    },
    { target_table: "other.copy", topic: "logs.auth", kafka_cluster: "c", kafka_group: "h", pipeline: "events" },
  ]);
  expect(await rowsOf(created)).toEqual([{ created: Number(before!.created) + 1 }]);
  const all = "SELECT sum(total) AS total FROM analytics.fact_event_dlq_agg_1m WHERE error_type = 'x'";
  expect(await rowsOf(all)).toEqual([{ total: 2 }]);
});

it("takes dead letters of 150 different days in one insert", async () => {
  const rows = Array.from({ length: 150 }, (_, day) => ({
    error_type: "spread",
    ingest_ts: at(-day * dayMs),
    processed_ts: at(0),
  }));
  await insert("analytics.fact_event_dlq", "t:2:0-149", rows);
  expect(
    await rowsOf("SELECT sum(total) AS total FROM analytics.fact_event_dlq_agg_1m WHERE error_type = 'spread'"),
  ).toEqual([{ total: 150 }]);
});

it("leaves ingest_ms empty where Int32 cannot hold it, and counts a record from the future where it was processed", async () => {
  await insert("analytics.fact_event", "t:3:0-0", [event("far", 200, [0, 30 * dayMs, 0, 25_000, 25_000])]);
  expect(await rowsOf("SELECT ingest_ms FROM analytics.fact_event WHERE service = 'far'")).toEqual([
    { ingest_ms: null },
  ]);
  expect(await rowsOf("SELECT bucket FROM analytics.fact_event_agg_10s WHERE service = 'far'")).toEqual([
    { bucket: second(20_000) },
  ]);
});
