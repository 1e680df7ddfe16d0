import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { runMillrace } from "../../testing/run-millrace.ts";

/** `millrace start` while topics come and go. Apache Kafka would make a topic anew for whoever asks for it. */

describe.each(await brokersToTest())("millrace start with %s", (_name, startServers) => {
  let servers: IngestServers;
  let clients: KafkaClients;

  beforeAll(async () => {
    servers = await startServers();
    clients = await connectKafka(servers.brokers);
  }, 90_000);

  afterAll(async () => {
    await clients?.close();
    await servers?.close();
  });

  async function count(topic: string): Promise<number> {
    const query = `SELECT count() AS found FROM topics.rows WHERE kafka_topic = '${topic}'`;
    const [row] = await queryRows<{ found: string | number }>(servers.client, query);
    return Number(row!.found);
  }

  async function untilStored(topic: string, wanted: number): Promise<void> {
    const deadlineMs = performance.now() + 60_000;
    while ((await count(topic)) < wanted) {
      if (performance.now() > deadlineMs) throw new Error(`${await count(topic)} of ${wanted} rows of ${topic}`);
      await sleep(200);
    }
    expect(await count(topic)).toBe(wanted);
  }

  /** Of its own each time: a producer that has sent to a topic once asks for it ever after. */
  async function put(topic: string, id: number): Promise<void> {
    const { producer, close } = await connectKafka(servers.brokers);
    await producer.send({ topic, messages: [{ value: `{"id":${id}}` }] });
    await close();
  }

  it("leaves an absent and a deleted topic out, says so, and reads the others and what comes", async () => {
    const { admin } = clients;
    await servers.client.command({ query: "CREATE DATABASE topics" });
    await servers.client.command({
      query: `CREATE TABLE topics.rows (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
        ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100000`,
    });
    await admin.createTopics({ topics: ["stays", "goes"].map((topic) => ({ topic, numPartitions: 1 })) });
    await put("stays", 1);
    await put("goes", 1);
    let stop = () => {};
    const stopWhen = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const args = [
      "start",
      "--topic",
      "stays",
      "goes",
      "comes",
      "--table",
      "topics.rows",
      "--from",
      "earliest",
      "--json",
    ];
    const running = runMillrace(args, servers.env, { stopWhen });
    try {
      await untilStored("stays", 1);
      await untilStored("goes", 1);
      await admin.deleteTopics({ topics: ["goes"] });
      for (let id = 2; id < 6; id += 1) {
        await put("stays", id);
        await untilStored("stays", id);
        await sleep(1_000);
      }
      expect((await admin.listTopics()).filter((topic) => !topic.startsWith("__")).sort()).toEqual(["stays"]);
      await admin.createTopics({ topics: [{ topic: "comes", numPartitions: 1 }] });
      await put("comes", 1);
      await untilStored("comes", 1);
    } finally {
      stop();
    }
    const run = await running;
    expect([run.code, run.stderr]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(run.stdout.trimEnd().split("\n").at(-1)!)).toMatchObject({
      ...{ stored: 6, missing: 0, duplicate: 0 },
      counts: { unread: 1, lostOffsets: 0, sourceRestarts: 0 },
    });
    const output = `${run.stdout}${run.stderr}`;
    for (const topic of ["comes", "goes"]) expect(output).toContain(`not read: topic ${topic}: there is no such topic`);
  }, 180_000);
});
