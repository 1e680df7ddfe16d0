import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { runMillrace } from "../../testing/run-millrace.ts";

/** Topics and tables that have nothing, or not all, to do with each other; through the command that a user runs. */

const [, startServers] = (await brokersToTest())[0]!;
const coordinates = "kafka_topic String, kafka_partition Int32, kafka_offset Int64";
const DOCUMENTS = 1_500;

let servers: IngestServers;
let clients: KafkaClients;
let topicCount = 0;
let topic = "";

beforeAll(async () => {
  servers = await startServers();
  clients = await connectKafka(servers.brokers);
  await servers.client.command({ query: "CREATE DATABASE net" });
});

afterAll(async () => {
  await clients?.close();
  await servers.close();
});

beforeEach(async () => {
  topicCount += 1;
  topic = `documents-${topicCount}`;
  await clients.admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
});

async function createTable(columns: string): Promise<void> {
  await servers.client.command({
    query: `CREATE OR REPLACE TABLE net.target (${columns}) ENGINE = MergeTree ORDER BY tuple()
      SETTINGS non_replicated_deduplication_window = 1000`,
  });
}

async function send(count: number, documentOf: (index: number) => object): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => ({ value: JSON.stringify(documentOf(index)) }));
  await clients.producer.send({ topic, messages });
}

const run = (...more: string[]) =>
  runMillrace(
    ["start", "--topic", topic, "--table", "net.target", "--group", topic, "--until-end", "--json", ...more],
    servers.env,
  );

async function rowCount(): Promise<number> {
  return Number((await queryRows<{ n: string }>(servers.client, "SELECT count() AS n FROM net.target"))[0]!.n);
}

async function committed(): Promise<number> {
  const [of] = await clients.admin.fetchOffsets({ groupId: topic, topics: [topic] });
  return Number(of!.partitions[0]!.offset);
}

const documentOf = (index: number) => ({ userId: index, DurationMs: 5, data: { action: "x" }, extra: 1 });

describe("documents and a table that have no name in common", () => {
  it("stop the pipeline at its first range, with nothing inserted and nothing committed", async () => {
    await createTable(`user_id UInt64, duration_ms UInt32, action String, ${coordinates}`);
    await send(DOCUMENTS, documentOf);
    const { code, stdout, stderr } = await run();
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Nothing matches: no column of net.target");
    expect(stderr).toContain(`${topic}:0, offsets 0 to`);
    expect(stderr).toContain("Columns: user_id, duration_ms, action.");
    for (const field of ["userId", "DurationMs", "data.action", "extra"]) expect(stderr).toContain(field);
    expect(stderr).toContain("Perhaps user_id from userId, duration_ms from DurationMs, action from data.action.");
    expect([await rowCount(), await committed()]).toEqual([0, 0]);
    // However often it is started again, by whatever starts it again.
    expect((await run()).code).toBe(2);
    expect([await rowCount(), await committed()]).toEqual([0, 0]);
  }, 60_000);

  it("are stored where every column has a default of its own", async () => {
    await createTable(`noted DateTime DEFAULT now(), kafka_key String, ${coordinates}`);
    await send(10, documentOf);
    expect((await run()).code).toBe(0);
    expect(await rowCount()).toBe(10);
  }, 60_000);

  it("do not stop a pipeline whose table has rows of the topic, before there are many of them", async () => {
    await createTable(`user_id UInt64, ${coordinates}`);
    await send(10, () => ({ user_id: 1 }));
    expect((await run()).code).toBe(0);
    await send(99, () => ({ heartbeat: true }));
    expect((await run()).code).toBe(0);
    expect(await rowCount()).toBe(109);
    await send(100, () => ({ heartbeat: true }));
    expect((await run()).code).toBe(2);
    expect(await rowCount()).toBe(109);
  }, 90_000);
});

describe("a column that has no field in any document", () => {
  it("is warned of once, and named in the report with the fields that nothing reads", async () => {
    await createTable(`userId UInt64, duration_ms UInt32, noted DateTime DEFAULT now(), ${coordinates}`);
    await send(DOCUMENTS, documentOf);
    const { code, stdout, stderr } = await run();
    expect(code).toBe(0);
    const { fields, counts } = JSON.parse(stdout);
    expect(fields).toEqual([
      {
        table: "net.target",
        documents: 1_000,
        unmatchedColumns: ["duration_ms"],
        unknownFields: { DurationMs: 1_000, "data.action": 1_000, extra: 1_000 },
      },
    ]);
    expect(counts.unknownFields).toBe(3 * DOCUMENTS);
    const warnings = stderr.split("\n").filter((line) => line.includes("has a field for duration_ms"));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("DurationMs (1000), data.action (1000), extra (1000)");
    expect(warnings[0]).toContain("Perhaps duration_ms from DurationMs.");
  }, 60_000);
});
