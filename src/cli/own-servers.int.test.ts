import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryRows } from "../clients/clickhouse/query-rows.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../testing/ingest-servers.ts";
import { runMillrace } from "../testing/run-millrace.ts";

const [[, startServers]] = (await brokersToTest()) as [Awaited<ReturnType<typeof brokersToTest>>[number]];

describe("millrace start with servers that somebody named", () => {
  let servers: IngestServers;
  let kafka: KafkaClients;

  beforeAll(async () => {
    servers = await startServers();
    kafka = await connectKafka(servers.brokers);
    await servers.client.command({ query: "CREATE DATABASE net" });
    await servers.client.command({
      query: `CREATE TABLE net.dns (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
        ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 1000`,
    });
    await kafka.admin.createTopics({ topics: [{ topic: "dns", numPartitions: 1 }] });
    await kafka.producer.send({ topic: "dns", messages: [{ value: `{"id":1}` }] });
  });

  afterAll(async () => {
    await kafka.close();
    await servers.close();
  });

  async function names(database: string): Promise<string[]> {
    const query = `SELECT name FROM system.tables WHERE database = '${database}' ORDER BY name`;
    return (await queryRows<{ name: string }>(servers.client, query)).map(({ name }) => name);
  }

  it("wants both of them, and starts nothing of its own beside one", async () => {
    const { KAFKA_BROKERS, CLICKHOUSE_URL } = servers.env;
    const [withoutClickHouse, withoutKafka] = await Promise.all([
      runMillrace(["start"], { KAFKA_BROKERS }),
      runMillrace(["start"], { CLICKHOUSE_URL }),
    ]);
    expect(withoutClickHouse).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("CLICKHOUSE_URL is not: name"),
    });
    expect(withoutKafka).toMatchObject({ code: 2, stderr: expect.stringContaining("KAFKA_BROKERS is not: name") });
  });

  it("makes what it needs itself, in the database that is named, and no topic, event or table of the demo", async () => {
    const env = { ...servers.env, MILLRACE_DATABASE: "own" };
    const run = await runMillrace(["start", "--topic", "dns", "--table", "net.dns", "--until-end", "--json"], env);
    expect(run.code, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ stored: 1, missing: 0, produced: null });
    expect(await kafka.admin.listTopics()).toEqual(["dns"]);
    expect(await names("own")).toEqual([
      ...["arrivals", "completeness", "fact_event_dlq", "freshness", "latency", "latency_buckets", "latency_series"],
      ...["millrace_cohorts_1m", "millrace_gaps", "millrace_latency", "millrace_migrations", "millrace_offsets_1m"],
      ...["millrace_replays", "millrace_writers"],
    ]);
    expect(await names("analytics")).toEqual([]);
  });

  it("reads the built-in topics when they are there, and makes events only with --simulate", async () => {
    const absent = await runMillrace(["start", "--until-end"], servers.env);
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining("millrace topics apply") });
    const simulated = await runMillrace(
      ["start", "--simulate", "--duration", "2s", "--eps", "200", "--json"],
      servers.env,
    );
    expect(simulated).toMatchObject({ code: 0 });
    const { produced, stored, missing } = JSON.parse(simulated.stdout);
    expect({ isProduced: produced > 0, isStored: stored >= produced, missing }).toEqual({
      ...{ isProduced: true, isStored: true, missing: 0 },
    });
    expect(await names("analytics")).toContain("fact_event");
  }, 60_000);
});
