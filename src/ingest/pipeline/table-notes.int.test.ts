import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../operate/migrations/migrate.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { runMillrace } from "../../testing/run-millrace.ts";

/** Tables of which something is to be said: through the commands that a user runs. */

const [, startServers] = (await brokersToTest())[0]!;
const coordinates = "kafka_topic String, kafka_partition Int32, kafka_offset Int64";

let servers: IngestServers;
let clients: KafkaClients;

beforeAll(async () => {
  servers = await startServers();
  clients = await connectKafka(servers.brokers);
  await sql("CREATE DATABASE net");
  await migrate(servers.client);
});

afterAll(async () => {
  await clients?.close();
  await servers.close();
});

async function sql(query: string): Promise<void> {
  await servers.client.command({ query });
}

async function rows<T>(query: string): Promise<T[]> {
  return (await servers.client.query({ query, format: "JSONEachRow" })).json<T>();
}

async function prepare(name: string, columns: string, documents: object[]): Promise<string[]> {
  await sql(`CREATE TABLE net.${name} (${columns}, ${coordinates}) ENGINE = MergeTree ORDER BY tuple()
    SETTINGS non_replicated_deduplication_window = 100000`);
  await clients.admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }] });
  await send(name, documents);
  return ["--topic", name, "--table", `net.${name}`];
}

async function send(topic: string, documents: object[]): Promise<void> {
  await clients.producer.send({ topic, messages: documents.map((value) => ({ value: JSON.stringify(value) })) });
}

async function untilStored(name: string, count: number): Promise<void> {
  for (;;) {
    const [found] = await rows<{ n: string }>(`SELECT count() AS n FROM net.${name}`);
    if (Number(found!.n) >= count) return;
    await sleep(100);
  }
}

describe.concurrent("a table that is altered while it is filled", () => {
  it("is told of once for each ALTER, and goes on", async () => {
    const target = await prepare("altered", "id UInt64, kind Enum8('a' = 1)", [{ id: 1, kind: "a" }]);
    const stopWhen = (async () => {
      await untilStored("altered", 1);
      await sql("ALTER TABLE net.altered ADD COLUMN note String");
      for (const id of [2, 3]) {
        await send("altered", [{ id, kind: "a", note: "n" }]);
        await untilStored("altered", id);
      }
      await sql("ALTER TABLE net.altered MODIFY COLUMN kind Enum8('a' = 1, 'b' = 2)");
      for (const id of [4, 5]) {
        await send("altered", [{ id, kind: "a", note: "n" }]);
        await untilStored("altered", id);
      }
    })();
    const run = await runMillrace(["start", ...target, "--json"], servers.env, { stopWhen });
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ stored: 5, missing: 0, duplicate: 0 });
    const told = run.stderr.split("\n").filter((line) => line.includes("the table was altered"));
    expect(told).toHaveLength(2);
    expect(told[0]).toContain("note");
    expect(told[1]).toContain("kind");
  }, 120_000);
});

describe.concurrent("a kafka_headers column", () => {
  it("is said to stay empty, at the start and by the doctor", async () => {
    const target = await prepare("headers", "id UInt64, kafka_headers Map(String, String)", [{ id: 1 }]);
    const run = await runMillrace(["start", ...target, "--until-end", "--json"], servers.env);
    expect([run.code, run.stderr.match(/kafka_headers is not filled from the record's headers/g)?.length]).toEqual([
      0, 1,
    ]);
    const doctor = await runMillrace(["doctor", ...target], servers.env);
    expect(doctor.stdout).toContain("kafka_headers is not filled from the record's headers");
    expect([doctor.code, doctor.stdout]).toEqual([0, expect.stringContaining("guarantee: exactly-once")]);
  }, 120_000);
});

describe.concurrent("Array columns with dots whose names begin alike", () => {
  it("are one Nested column: arrays of different lengths are dead letters, as the doctor says", async () => {
    const documents = [{ tags: { key: ["a"], value: ["b"] } }, { tags: { key: ["a"], value: ["b", "c"] } }];
    const target = await prepare("nested", "`tags.key` Array(String), `tags.value` Array(String)", documents);
    const doctor = await runMillrace(["doctor", ...target], servers.env);
    expect(doctor.stdout).toContain("tags.key, tags.value are one Nested column to ClickHouse");
    const run = await runMillrace(["start", ...target, "--until-end", "--json"], servers.env);
    const report = JSON.parse(run.stdout);
    expect(report).toMatchObject({ stored: 1, dead: 1 });
    expect(report.deadByType).toEqual({ clickhouse_sizes_of_arrays_dont_match: 1 });
    // The remedy, pasted: both rows are stored.
    const statements = doctor.stdout.match(/ALTER TABLE net\.nested .*/g)!;
    expect(statements).toHaveLength(3);
    for (const statement of statements) await sql(statement.replace(/;$/, ""));
    await sql("INSERT INTO net.nested (tags_key, tags_value) VALUES (['a'], ['b', 'c'])");
    expect(await rows("SELECT tags_key AS key, tags_value AS value FROM net.nested ORDER BY value")).toEqual([
      { key: ["a"], value: ["b"] },
      { key: ["a"], value: ["b", "c"] },
    ]);
  }, 120_000);
});

describe.concurrent("a column of a type that Millrace does not write", () => {
  it("can be computed by ClickHouse, as the refusal says", async () => {
    const target = await prepare("computed", "raw String, point Tuple(x Int8, y Int8)", [{ raw: '{"x":1,"y":2}' }]);
    const refused = await runMillrace(["start", ...target, "--until-end"], servers.env);
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(refused.stderr).toContain("`Tuple(x Int8, y Int8) MATERIALIZED …`");
    await sql("ALTER TABLE net.computed DROP COLUMN point");
    await sql(
      "ALTER TABLE net.computed ADD COLUMN point Tuple(x Int8, y Int8) MATERIALIZED JSONExtract(raw, 'Tuple(x Int8, y Int8)')",
    );
    const run = await runMillrace(["start", ...target, "--until-end", "--json"], servers.env);
    expect([run.stderr, run.code]).toEqual(["", 0]);
    expect(await rows("SELECT point.x AS x, point.y AS y FROM net.computed")).toEqual([{ x: 1, y: 2 }]);
  }, 120_000);
});
