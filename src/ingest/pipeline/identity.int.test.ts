import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startKafkaBroker } from "../../embedded/kafka/server.ts";
import { migrate } from "../../operate/migrations/migrate.ts";
import { commitAs } from "../../testing/commit-as.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { runMillrace } from "../../testing/run-millrace.ts";

/** Clusters, groups and pipelines that share a name or a table are told apart. */

const [[, startServers]] = (await brokersToTest()) as [[string, () => Promise<IngestServers>]];

let servers: IngestServers;
let clients: KafkaClients;

beforeAll(async () => {
  servers = await startServers();
  clients = await connectKafka(servers.brokers);
  await servers.client.command({ query: "CREATE DATABASE p" });
  await migrate(servers.client);
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

describe.concurrent("two pipelines on one topic", () => {
  it("have their own dead letters, and replay their own", { timeout: 180_000 }, async () => {
    await produce("shared", [`{"id":1}`, `{"id":300}`, `{"id":3}`]);
    for (const table of ["x", "y"]) {
      await createTable(table, "UInt8");
      const { code, report } = await start("--topic", "shared", "--table", `p.${table}`);
      expect([code, report]).toMatchObject([0, { stored: 2, dead: 1, missing: 0, duplicate: 0 }]);
    }
    const deadLetters =
      "SELECT pipeline, kafka_offset FROM analytics.fact_event_dlq WHERE topic = 'shared' ORDER BY pipeline";
    expect(await rows(deadLetters)).toMatchObject([{ pipeline: "p.x" }, { pipeline: "p.y" }]);
    for (const table of ["x", "y"]) {
      await servers.client.command({ query: `ALTER TABLE p.${table} MODIFY COLUMN id UInt64` });
      const replay = await runMillrace(["dlq", "replay", "--table", `p.${table}`, "--yes", "--json"], servers.env);
      expect([replay.code, JSON.parse(replay.stdout)]).toMatchObject([0, { taken: 1, stored: 1, skipped: {} }]);
      expect(await rows(`SELECT id FROM p.${table} ORDER BY id`)).toHaveLength(3);
    }
  });
});

describe.concurrent("a range that an older version announced", () => {
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

describe.concurrent("two clusters with a topic of one name", () => {
  async function onBothClusters(table: string, args: string[] = []) {
    const dataDir = await mkdtemp(join(tmpdir(), "millrace-away-"));
    const away = await startKafkaBroker({ port: 0, dataDir });
    const brokers = `127.0.0.1:${away.port}`;
    const awayClients = await connectKafka(brokers);
    try {
      await produce(table, [`{"id":1}`, `{"id":2}`]);
      await awayClients.admin.createTopics({ topics: [{ topic: table, numPartitions: 1 }] });
      await awayClients.producer.send({ topic: table, messages: [{ value: `{"id":3}` }, { value: `{"id":4}` }] });
      const runAt = async (address: string) => {
        const names = ["--topic", table, "--table", `p.${table}`, ...args];
        const env = { ...servers.env, KAFKA_BROKERS: address };
        const { code, stdout, stderr } = await runMillrace(["start", ...names, "--until-end", "--json"], env);
        return { code, stderr, report: stdout === "" ? undefined : JSON.parse(stdout) };
      };
      return [await runAt(servers.brokers), await runAt(brokers)];
    } finally {
      await awayClients.close();
      await away.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  }

  it("both store their rows, which are not counted where nobody can tell them apart", {
    timeout: 180_000,
  }, async () => {
    await createTable("blind");
    const [home, away] = await onBothClusters("blind");
    expect([home!.code, home!.report]).toMatchObject([0, { stored: 2, missing: 0, duplicate: 0 }]);
    expect([away!.code, away!.report]).toMatchObject([0, { stored: 2, missing: null, duplicate: null }]);
    expect(away!.stderr).toContain("ADD COLUMN kafka_cluster");
    expect(await rows("SELECT id FROM p.blind ORDER BY id")).toHaveLength(4);
    const reconcile = ["reconcile", "--topic", "blind", "--table", "p.blind"];
    const balance = await runMillrace(reconcile, servers.env);
    expect([balance.code, balance.stdout]).toEqual([0, expect.stringContaining("rows cannot be counted")]);
    const reset = ["offsets", "reset", "--topic", "blind", "--table", "p.blind", "--group", "millrace.p.blind"];
    const refused = await runMillrace([...reset, "--to", "earliest", "--yes"], servers.env);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("Cannot look up rows")]);
  });

  it("are counted each by itself where the rows have their cluster", { timeout: 180_000 }, async () => {
    await createTable("told", "UInt64", ", kafka_cluster LowCardinality(String)");
    for (const { code, report } of await onBothClusters("told")) {
      expect([code, report]).toMatchObject([0, { stored: 2, missing: 0, duplicate: 0 }]);
    }
    expect(await rows("SELECT uniqExact(kafka_cluster) AS clusters, count() AS c FROM p.told")).toMatchObject([
      { clusters: 2, c: 4 },
    ]);
  });
});

describe.concurrent("a group that has committed nothing", () => {
  it("is stopped where the table has rows of its records, and told the ways out", { timeout: 240_000 }, async () => {
    await produce("renamed", [`{"id":1}`, `{"id":2}`]);
    await createTable("renamed");
    const names = ["--topic", "renamed", "--table", "p.renamed"];
    expect((await start(...names, "--group", "old")).code).toBe(0);
    const refused = await start(...names, "--group", "new", "--require", "exactly-once");
    expect(refused.code).toBe(1);
    for (const text of ["renamed:0", "p.renamed has 2 rows", "the last of offset 1", "--allow-duplicates", "--to 2"]) {
      expect(refused.stderr).toContain(text);
    }
    expect(await rows("SELECT id FROM p.renamed")).toHaveLength(2);

    const reset = ["offsets", "reset", "--group", "new", "--topic", "renamed", "--table", "p.renamed"];
    const moved = await runMillrace([...reset, "--partition", "0", "--to", "2", "--yes"], servers.env);
    expect([moved.code, moved.stderr]).toEqual([0, ""]);
    await clients.producer.send({ topic: "renamed", messages: [{ value: `{"id":3}` }] });
    const behind = await start(...names, "--group", "new");
    expect([behind.code, behind.report]).toMatchObject([0, { stored: 1, totals: { missing: 0, duplicate: 0 } }]);

    await createTable("elsewhere");
    const elsewhere = await start("--topic", "renamed", "--table", "p.elsewhere", "--group", "old");
    expect([elsewhere.code, elsewhere.report]).toMatchObject([0, { stored: 1, missing: 0, totals: { missing: 2 } }]);
    expect(elsewhere.stderr).toContain("2 records of before this run missing in the tables: the group old");

    const doubled = await start(...names, "--group", "third", "--allow-duplicates");
    expect([doubled.code, doubled.report]).toMatchObject([1, { duplicate: 3 }]);
  });
});
