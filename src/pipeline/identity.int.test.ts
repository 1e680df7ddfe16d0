import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commitAs } from "../testing/commit-as.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../testing/ingest-servers.ts";
import { runMillrace } from "../testing/run-millrace.ts";

/** Clusters, groups and pipelines that share a name or a table are told apart. */

const [[, startServers]] = (await brokersToTest()) as [[string, () => Promise<IngestServers>]];

let servers: IngestServers;
let clients: KafkaClients;

beforeAll(async () => {
  servers = await startServers();
  clients = await connectKafka(servers.brokers);
  await servers.client.command({ query: "CREATE DATABASE p" });
});

afterAll(async () => {
  await clients?.close();
  await servers.close();
});

async function createTable(name: string, idType = "UInt64", more = ""): Promise<void> {
  await servers.client.command({
    query: `CREATE TABLE p.${name} (id ${idType}, kafka_topic String, kafka_partition Int32, kafka_offset Int64${more})
      ENGINE = MergeTree ORDER BY kafka_offset SETTINGS non_replicated_deduplication_window = 100000`,
  });
}

async function produce(topic: string, values: string[]): Promise<void> {
  await clients.admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await clients.producer.send({ topic, messages: values.map((value) => ({ value })) });
}

async function rows(query: string): Promise<unknown[]> {
  return (await servers.client.query({ query, format: "JSONEachRow" })).json();
}

async function start(...args: string[]) {
  const { code, stdout, stderr } = await runMillrace(["start", ...args, "--until-end", "--json"], servers.env);
  return { code, stderr, report: stdout === "" ? undefined : JSON.parse(stdout) };
}

describe("two pipelines on one topic", () => {
  it("have their own dead letters, and replay their own", { timeout: 180_000 }, async () => {
    await produce("shared", [`{"id":1}`, `{"id":300}`, `{"id":3}`]);
    for (const table of ["x", "y"]) {
      await createTable(table, "UInt8");
      const { code, report } = await start("--topic", "shared", "--table", `p.${table}`);
      expect([code, report]).toMatchObject([0, { stored: 2, dead: 1, missing: 0, duplicate: 0 }]);
    }
    const letters =
      "SELECT pipeline, kafka_offset FROM analytics.fact_event_dlq WHERE topic = 'shared' ORDER BY pipeline";
    expect(await rows(letters)).toMatchObject([{ pipeline: "p.x" }, { pipeline: "p.y" }]);
    for (const table of ["x", "y"]) {
      await servers.client.command({ query: `ALTER TABLE p.${table} MODIFY COLUMN id UInt64` });
      const replay = await runMillrace(["dlq", "replay", "--table", `p.${table}`, "--yes", "--json"], servers.env);
      expect([replay.code, JSON.parse(replay.stdout)]).toMatchObject([0, { taken: 1, stored: 1, skipped: {} }]);
      expect(await rows(`SELECT id FROM p.${table} ORDER BY id`)).toHaveLength(3);
    }
  });
});

describe("a range that an older version announced", () => {
  it("is repeated under the token that it had", { timeout: 120_000 }, async () => {
    await produce("upgraded", [`{"id":1}`, `{"id":2}`, `{"id":3}`]);
    await createTable("upgraded");
    await servers.client.insert({
      table: "p.upgraded",
      values: [0, 1].map((offset) => ({
        id: offset + 1,
        kafka_topic: "upgraded",
        kafka_partition: 0,
        kafka_offset: offset,
      })),
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 0, insert_deduplication_token: "upgraded:0:0-1" },
    });
    await commitAs(servers.brokers, "millrace.p.upgraded", [
      { topic: "upgraded", partition: 0, offset: 0, metadata: `m1 0-1@${Date.now()}` },
    ]);
    const { code, report } = await start("--topic", "upgraded", "--table", "p.upgraded");
    expect([code, report]).toMatchObject([0, { stored: 3, missing: 0, duplicate: 0, counts: { replayedRanges: 1 } }]);
  });
});
