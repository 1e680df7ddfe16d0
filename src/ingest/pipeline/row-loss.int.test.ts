import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { migrate } from "../../operate/migrations/migrate.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { runMillrace } from "../../testing/run-millrace.ts";

/** Tables that keep fewer rows than they are given, by design, through start, doctor and reconcile. */

const [, startServers] = (await brokersToTest())[0]!;
const coordinates = "kafka_topic String, kafka_partition Int32, kafka_offset Int64";
const windowSql = "SETTINGS non_replicated_deduplication_window = 100000";

let servers: IngestServers;
let clients: KafkaClients;

beforeAll(async () => {
  servers = await startServers();
  clients = await connectKafka(servers.brokers);
  await servers.client.command({ query: "CREATE DATABASE net" });
  await migrate(servers.client);
});

afterAll(async () => {
  await clients?.close();
  await servers.close();
});

const tables: [name: string, clause: string, rows: number, sentence: RegExp | undefined][] = [
  [
    "replacing",
    "ReplacingMergeTree ORDER BY id",
    5,
    /net.replacing: missing and doubled rows cannot be counted: Replacing/,
  ],
  [
    "summing",
    "SummingMergeTree(n) ORDER BY id",
    5,
    /net.summing: missing and doubled rows cannot be counted: SummingM/,
  ],
  [
    "aggregating",
    "AggregatingMergeTree ORDER BY id",
    5,
    /net.aggregating: missing and doubled rows cannot be counted: Agg/,
  ],
  [
    "expiring",
    "MergeTree ORDER BY id TTL at + INTERVAL 1 DAY",
    0,
    /net.expiring: rows .* cannot be called missing: TTL at/,
  ],
  ["own", "ReplacingMergeTree ORDER BY (kafka_topic, kafka_partition, kafka_offset)", 10, undefined],
];

describe.concurrent.each(tables)("a table net.%s, %s", (name, clause, rows, sentence) => {
  const target = ["--topic", name, "--table", `net.${name}`];

  it("is no failure, and what cannot be counted is said alike everywhere", async () => {
    await servers.client.command({
      query: `CREATE TABLE net.${name} (id UInt64, n UInt64, at DateTime, ${coordinates}) ENGINE = ${clause} ${windowSql}`,
    });
    await clients.admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }] });
    // Each key twice, and long expired.
    const documents = Array.from({ length: 10 }, (_, index) => ({ id: index % 5, n: 1, at: "2020-01-01 00:00:00" }));
    await clients.producer.send({
      topic: name,
      messages: documents.map((value) => ({ value: JSON.stringify(value) })),
    });
    const run = await runMillrace(["start", ...target, "--until-end", "--json"], servers.env);
    await servers.client.command({ query: `OPTIMIZE TABLE net.${name} FINAL` });
    const query = `SELECT toUInt32(count()) AS n FROM net.${name}`;
    expect(await queryRows(servers.client, query)).toEqual([{ n: rows }]);
    const report = JSON.parse(run.stdout);
    expect([run.stderr, run.code, report.dead]).toEqual(["", 0, 0]);

    const reconciled = await runMillrace(["reconcile", ...target], servers.env);
    const json = await runMillrace(["reconcile", ...target, "--json"], servers.env);
    expect([reconciled.code, json.code]).toEqual([0, 0]);
    const { uncountable } = JSON.parse(json.stdout);
    const doctor = await runMillrace(["doctor", ...target], servers.env);
    expect(doctor.stdout).toContain("guarantee: exactly-once");
    if (sentence === undefined) {
      expect(report).toMatchObject({ stored: 10, missing: 0, duplicate: 0, uncountable: [] });
      expect(uncountable).toEqual([]);
      return;
    }
    expect(uncountable).toEqual([expect.stringMatching(sentence)]);
    expect(uncountable[0]).toMatch(/10 committed offsets.*ClickHouse has acknowledged each of them/);
    expect(reconciled.stdout).toContain(uncountable[0]);
    expect(doctor.stdout).toContain(uncountable[0].split(". ")[0].slice(`net.${name}: `.length));
    if (name !== "expiring") expect(report).toMatchObject({ stored: 10, missing: null, duplicate: null, uncountable });
    else expect(report).toMatchObject({ missing: 0, duplicate: 0 });
  }, 120_000);
});
