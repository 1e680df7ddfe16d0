import { setTimeout as sleep } from "node:timers/promises";
import { CompressionTypes } from "kafkajs";
import { pack } from "msgpackr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTopics } from "../../clients/kafka/topics.ts";
import { defaultTopics } from "../../config/topics.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { hasKcat, kcat } from "../../testing/kcat.ts";
import { runMillrace } from "../../testing/run-millrace.ts";

/**
 * The whole path, run as the command that a user runs: records in Kafka, rows in the real ClickHouse engine. The same
 * cases against the embedded broker and against Apache Kafka.
 */

const withKcat = hasKcat();

/** Value, and the error_type that it must get; undefined = a row in the fact table. */
const now = Date.now();
const good = { event_id: "e", event_name: "auth.login_succeeded", domain: "auth", ts_ms: now, service: "auth" };
const documents: [name: string, value: string | Buffer | null, errorType: string | undefined][] = [
  ["a good event", JSON.stringify(good), undefined],
  ["not JSON", "plain text", "json_parse_failed"],
  ["truncated", JSON.stringify(good).slice(0, -5), "json_parse_failed"],
  ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "invalid_utf8"],
  ["empty", "", "empty_value"],
  ["tombstone", null, "null_value"],
  ["NUL bytes", Buffer.alloc(16), "json_parse_failed"],
  ["NUL inside a string", JSON.stringify({ ...good, path: "a\u0000b" }), undefined],
  ["a JSON string", '"text"', "json_not_object"],
  ["a JSON number", "42", "json_not_object"],
  ["a JSON array", "[1,2]", "json_not_object"],
  ["double-encoded", JSON.stringify(JSON.stringify(good)), undefined],
  ["wrong field type", JSON.stringify({ ...good, status_code: { a: 1 } }), "field_type"],
  ["number out of range", JSON.stringify({ ...good, status_code: 3e9 }), "field_range"],
  ["no event time", JSON.stringify({ ...good, ts_ms: undefined }), undefined],
  ["absurd event time", JSON.stringify({ ...good, ts_ms: now + 40 * 86_400_000 }), "event_time_range"],
  ["unknown fields", JSON.stringify({ ...good, surprise: { deep: [1] } }), undefined],
  ["duplicate keys", `{"service":"order","service":"auth","ts_ms":${now}}`, undefined],
  ["1 MiB", JSON.stringify({ ...good, path: "x".repeat(1_000_000) }), undefined],
  ["200 levels", `{"service":"auth","ts_ms":${now},"deep":${"[".repeat(200)}${"]".repeat(200)}}`, undefined],
  ["unknown service", JSON.stringify({ ...good, service: "warehouse" }), undefined],
  ["no service", JSON.stringify({ ...good, service: undefined }), "service_missing"],
];

describe.each(await brokersToTest())("millrace start with %s", (_name, startServers) => {
  let servers: IngestServers;
  let clients: KafkaClients;
  let admin: KafkaClients["admin"];
  let producer: KafkaClients["producer"];

  beforeAll(async () => {
    servers = await startServers();
    clients = await connectKafka(servers.brokers);
    ({ admin, producer } = clients);
  });

  afterAll(async () => {
    await clients?.close();
    await servers.close();
  });

  async function rows<T>(query: string): Promise<T[]> {
    return (await servers.client.query({ query, format: "JSONEachRow" })).json<T>();
  }

  it("gives every record exactly one row, in the facts or in the dead letters with its reason", async () => {
    await admin.createTopics({ topics: [{ topic: "logs.auth", numPartitions: 1 }] });
    const messages = documents.map(([name, value]) => ({ key: name, value }));
    await producer.send({ topic: "logs.auth", messages });
    await ensureTopics(admin, defaultTopics);
    const run = await runMillrace(["start", "--until-end", "--json"], servers.env);
    expect(run.stderr).toBe("");
    expect(run.code).toBe(0);
    const deadLetters = await rows<{ key: string; errorType: string; errorMessage: string }>(
      "SELECT source_key AS key, error_type AS errorType, error_message AS errorMessage FROM analytics.fact_event_dlq",
    );
    const facts = await rows<{ key: string }>("SELECT kafka_key AS key FROM analytics.fact_event");
    const outcome = (name: string) => [
      ...facts.filter(({ key }) => key === name).map(() => undefined),
      ...deadLetters.filter(({ key }) => key === name).map(({ errorType }) => errorType),
    ];
    for (const [name, , errorType] of documents) expect([name, outcome(name)]).toEqual([name, [errorType]]);
    expect(deadLetters.find(({ key }) => key === "wrong field type")?.errorMessage).toContain("status_code");
    const report = JSON.parse(run.stdout);
    expect(report).toMatchObject({ missing: 0, duplicate: 0, backlog: 0 });
    expect(report.stored + report.dead).toBe(documents.length);
    expect(report.counts).toMatchObject({ unwrapped: 1, eventTimeFromKafka: 1 });
  });

  it("maps any topic into any table by column names, in every compression", async () => {
    await servers.client.command({ query: "CREATE DATABASE IF NOT EXISTS net" });
    await servers.client.command({
      query: `CREATE TABLE net.flow (id UInt64, \`id.host\` IPv4, name LowCardinality(String), big Int64,
        tags Array(String), price Decimal(18, 6), kafka_topic String, kafka_partition Int32, kafka_offset Int64)
        ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100000`,
    });
    await admin.createTopics({ topics: [{ topic: "flow", numPartitions: 2 }] });
    const line = (id: number, name: string) =>
      `{"id":${id},"id.host":"10.0.0.${id % 256}","name":"${name}","big":-9007199254740993,"tags":["a","b"],"price":1.000001}`;
    const send = (compression: CompressionTypes, name: string) =>
      producer.send({
        topic: "flow",
        compression,
        messages: Array.from({ length: 1000 }, (_, id) => ({ value: line(id, name) })),
      });
    await send(CompressionTypes.None, "none");
    await send(CompressionTypes.GZIP, "gzip");
    const byKcat = withKcat ? ["snappy", "lz4", "zstd"] : [];
    for (const codec of byKcat) {
      const input = Array.from({ length: 1000 }, (_, id) => line(id, codec)).join("\n");
      await kcat(["-P", "-b", servers.brokers, "-t", "flow", "-z", codec], input);
    }
    const run = await runMillrace(
      ["start", "--topic", "flow", "--table", "net.flow", "--until-end", "--json"],
      servers.env,
    );
    expect(run.stderr).toBe("");
    expect(JSON.parse(run.stdout)).toMatchObject({ missing: 0, duplicate: 0, dead: 0, backlog: 0 });
    const counts = await rows<{ name: string; count: number; sum: number; big: string; price: string }>(
      `SELECT name, count() AS count, sum(id) AS sum, toString(any(big)) AS big, toString(any(price)) AS price
       FROM net.flow WHERE \`id.host\` = toIPv4(concat('10.0.0.', toString(id % 256))) AND tags = ['a', 'b'] GROUP BY name ORDER BY name`,
    );
    const expected = { count: 1000, sum: 499500, big: "-9007199254740993", price: "1.000001" };
    expect(counts).toEqual(["none", "gzip", ...byKcat].sort().map((name) => ({ name, ...expected })));
  });

  it("drains on SIGTERM and continues where it stopped, nothing missing, nothing doubled", async () => {
    await admin.createTopics({ topics: [{ topic: "logs.order", numPartitions: 3 }] });
    for (let batch = 0; batch < 20; batch += 1) {
      const value = JSON.stringify({ ...good, service: "order" });
      await producer.send({
        topic: "logs.order",
        messages: Array.from({ length: 2_500 }, (_, id) => ({ key: `${batch}-${id}`, value })),
      });
    }
    const args = ["start", "--profile", "low", "--no-simulator", "--json"];
    const stored = "SELECT count() AS count FROM analytics.fact_event WHERE topic = 'logs.order'";
    const stopWhen = (async () => {
      while ((await rows<{ count: number }>(stored))[0]!.count === 0) await sleep(20);
    })();
    const first = await runMillrace(args, servers.env, { stopWhen });
    expect([first.stderr, first.code]).toEqual(["", 0]);
    const second = await runMillrace([...args, "--until-end"], servers.env);
    expect([second.stderr, second.code]).toEqual(["", 0]);
    expect(JSON.parse(second.stdout).totals).toMatchObject({ missing: 0, duplicate: 0 });
    const [count] = await rows<{ rows: number; distinct: number }>(
      `SELECT count() AS rows, uniqExact(kafka_partition, kafka_offset) AS distinct FROM analytics.fact_event
       WHERE topic = 'logs.order'`,
    );
    expect(count).toEqual({ rows: 50_000, distinct: 50_000 });
  });

  it.concurrent.each(["rowbinary", "native"])(
    "isolates the rows that ClickHouse refuses, stores all others, and keeps its reason: %s",
    async (format) => {
      const topic = `checked-${format}`;
      const table = `net.checked_${format}`;
      await servers.client.command({
        query: `CREATE TABLE ${table} (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64,
        CONSTRAINT no_seven CHECK id % 1000 != 7) ENGINE = MergeTree ORDER BY id
        SETTINGS non_replicated_deduplication_window = 100000`,
      });
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
      await producer.send({
        topic,
        messages: Array.from({ length: 3_000 }, (_, id) => ({ key: `k${id}`, value: `{"id":${id}}` })),
      });
      const args = ["start", "--topic", topic, "--table", table, "--insert-format", format, "--until-end", "--json"];
      const run = await runMillrace(args, servers.env);
      expect([run.stderr, run.code]).toEqual(["", 0]);
      const report = JSON.parse(run.stdout);
      expect(report).toMatchObject({ stored: 2_997, dead: 3, missing: 0, duplicate: 0 });
      expect(report).toMatchObject({ transcoder: "kernel", insertFormat: format, counts: { declined: 0 } });
      expect(report.eventLoopUtilisation).toBeGreaterThan(0);
      expect(report.eventLoopUtilisation).toBeLessThanOrEqual(1);
      const deadLetters = await rows(`SELECT source_key AS key, error_type AS type, raw_json AS raw,
      error_message LIKE '%no_seven%' AS named FROM analytics.fact_event_dlq WHERE topic = '${topic}' ORDER BY kafka_offset`);
      const deadLetter = (id: number) => ({
        key: `k${id}`,
        type: "clickhouse_violated_constraint",
        raw: `{"id":${id}}`,
        named: 1,
      });
      expect(deadLetters).toEqual([deadLetter(7), deadLetter(1_007), deadLetter(2_007)]);
    },
  );

  it("reads MessagePack beside JSON", async () => {
    await admin.createTopics({ topics: [{ topic: "logs.payment", numPartitions: 1 }] });
    const packed = pack({ ...good, service: "payment", event_id: "packed", amount: 1_234 });
    await producer.send({ topic: "logs.payment", messages: [{ value: Buffer.from(packed) }] });
    const run = await runMillrace(["start", "--until-end", "--json"], servers.env);
    expect([run.stderr, run.code]).toEqual(["", 0]);
    expect(await rows("SELECT service, amount FROM analytics.fact_event WHERE event_id = 'packed'")).toEqual([
      { service: "payment", amount: 1_234 },
    ]);
  });

  it("answers lag and latency from what the runs before have stored", async () => {
    const [lag, latency] = await Promise.all([
      runMillrace(["lag", "--json"], servers.env),
      runMillrace(["latency", "--since", "10m", "--by", "service", "--json"], servers.env),
    ]);
    expect([lag.stderr, lag.code]).toEqual(["", 0]);
    expect(JSON.parse(lag.stdout)).toMatchObject({ group: "millrace.events", totalLag: 0 });
    expect([latency.stderr, latency.code]).toEqual(["", 0]);
    const entries: { stage: string; group: string; count: number; p50: number; max: number }[] = JSON.parse(
      latency.stdout,
    );
    const [facts] = await rows<{ total: number; orders: number }>(
      "SELECT count() AS total, countIf(service = 'order') AS orders FROM analytics.fact_event",
    );
    const find = (stage: string, group: string) =>
      entries.find((entry) => entry.stage === stage && entry.group === group);
    expect(find("pipeline", "order")?.count).toBe(facts!.orders);
    expect(find("pipeline", "")!.count).toBeGreaterThanOrEqual(facts!.total);
    for (const stage of ["produce", "fetch", "queue", "process", "insert", "pipeline", "e2e"]) {
      expect(find(stage, "")!.max).toBeGreaterThanOrEqual(find(stage, "")!.p50);
    }
  });

  it("refuses to start, with exit code 2, when the target table is not there", async () => {
    const run = await runMillrace(["start", "--topic", "flow", "--table", "net.absent", "--until-end"], servers.env);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("net.absent");
  });
});
