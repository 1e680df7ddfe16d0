import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { logLevel } from "kafkajs";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { StaleOwner } from "../../core/stale-owner.ts";
import { startKafkaBroker } from "../../embedded/kafka/server.ts";
import { createDeadLetterTopic } from "../../ingest/dead-letters/topic.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { runMillrace } from "../../testing/run-millrace.ts";
import { migrate } from "../migrations/migrate.ts";
import { createOrders, deadRowOf, ordersPlan } from "./testing/letter-desk.ts";

/** Dead letters from their topic to their replay, by the commands that a user runs; and as messages of a topic. */

const [[, startServers]] = (await brokersToTest()) as [[string, () => Promise<IngestServers>]];

let servers: IngestServers;
let clients: KafkaClients;
let admin: KafkaClients["admin"];
let producer: KafkaClients["producer"];

beforeAll(async () => {
  servers = await startServers();
  clients = await connectKafka(servers.brokers);
  ({ admin, producer } = clients);
  await migrate(servers.client);
  await createOrders(servers.client);
});

afterAll(async () => {
  await clients?.close();
  await servers.close();
});

// At once: one of the cases does nothing but wait.
describe.concurrent("millrace dlq", () => {
  it("lists, shows and replays what a run rejected, once its table is mended", { timeout: 120_000 }, async () => {
    const { client, env } = servers;
    await admin.createTopics({ topics: [{ topic: "orders", numPartitions: 1 }] });
    const values = [1, 300, 301, "many"].map((amount) =>
      JSON.stringify({ day: "2026-06-01", amount, service: "shop" }),
    );
    await producer.send({ topic: "orders", messages: values.map((value) => ({ value })) });
    const run = await runMillrace(
      ["start", "--topic", "orders", "--table", "shop.orders", "--until-end", "--json"],
      env,
    );
    expect([run.stderr, JSON.parse(run.stdout)]).toMatchObject(["", { stored: 1, dead: 3, missing: 0, duplicate: 0 }]);

    const list = await runMillrace(["dlq", "list"], env);
    expect(list).toMatchObject({ code: 0, stderr: "" });
    expect(list.stdout).toMatch(/^field_range +shop\.orders +2 +0 .* orders +shop$/m);
    const show = await runMillrace(["dlq", "show", "orders", "0", "1"], env);
    expect(show.stdout).toContain('"amount": 300');
    expect(show.stdout).toContain("never replayed");

    const unasked = await runMillrace(["dlq", "replay"], env);
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining("repeat the command with --yes")]);
    await client.command({ query: "ALTER TABLE shop.orders MODIFY COLUMN amount UInt32" });
    const replay = ["dlq", "replay", "--table", "shop.orders", "--json"];
    const dryRun = await runMillrace([...replay, "--dry-run"], env);
    expect([dryRun.code, JSON.parse(dryRun.stdout)]).toMatchObject([0, { taken: 3, stored: 2, dryRun: true }]);
    const done = await runMillrace([...replay, "--yes"], env);
    const [errorType] = Object.keys(JSON.parse(done.stdout).rejected);
    expect([done.code, JSON.parse(done.stdout)]).toMatchObject([1, { taken: 3, stored: 2, skipped: {} }]);
    expect(
      await queryRows(
        client,
        "SELECT groupArray(amount) AS amounts FROM (SELECT amount FROM shop.orders ORDER BY kafka_offset)",
      ),
    ).toEqual([{ amounts: [1, 300, 301] }]);
    for (const table of ["shop.nope", "orders"]) {
      const unknown = await runMillrace(["dlq", "replay", "--table", table, "--yes"], env);
      expect([unknown.code, unknown.stdout]).toEqual([2, ""]);
      expect(unknown.stderr).toContain(`--table ${table}: no dead letter names it`);
      expect(unknown.stderr).toContain("there are letters of shop.orders");
    }
    await client.command({ query: "CREATE TABLE shop.quiet AS shop.orders" });
    const quiet = await runMillrace(["dlq", "replay", "--table", "shop.quiet", "--json"], env);
    expect([quiet.code, JSON.parse(quiet.stdout)]).toMatchObject([0, { taken: 0 }]);
    const rejected = await runMillrace(["dlq", "show", "orders", "0", "3", "--json"], env);
    expect(JSON.parse(rejected.stdout)).toMatchObject({ errorType, replays: [{ outcome: "rejected", errorType }] });
  });
});

describe.concurrent("a topic for dead letters", () => {
  const log = pino({ level: "silent" });
  const limits = { signal: new AbortController().signal, check: async () => {} };

  it("gets one message a letter, all acknowledged; none goes to a topic that is not there", async () => {
    const plan = await ordersPlan(servers.client, "orders");
    const options = {
      kafka: { brokers: [servers.brokers], logLevel: logLevel.NOTHING },
      ownTopics: ["orders"],
      plans: [plan],
      log,
    };
    const absent = createDeadLetterTopic({ ...options, topic: "absent" });
    await expect(absent.start()).rejects.toThrow(/absent.*no such topic/);
    await admin.createTopics({ topics: [{ topic: "orders.dead", numPartitions: 2 }] });
    const topic = createDeadLetterTopic({ ...options, topic: "orders.dead" });
    await topic.start();
    for (const [index, value] of ["no JSON", "{", "[1]"].entries())
      await topic.send(plan.key, deadRowOf(plan, value, index), limits);
    await topic.stop();
    const ends = await admin.fetchTopicOffsets("orders.dead");
    expect(ends.reduce((sum, { high }) => sum + Number(high), 0)).toBe(3);
  });

  it("is waited for while its broker is away, until the range is somebody else's", { timeout: 90_000 }, async () => {
    const plan = await ordersPlan(servers.client, "orders");
    const dataDir = await mkdtemp(join(tmpdir(), "millrace-dead-topic-"));
    let broker = await startKafkaBroker({ port: 0, dataDir });
    const { port } = broker;
    const own = await connectKafka(`127.0.0.1:${port}`);
    await own.admin.createTopics({ topics: [{ topic: "dead", numPartitions: 1 }] });
    await own.close();
    const kafka = { brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING };
    const topic = createDeadLetterTopic({ kafka, topic: "dead", ownTopics: [], plans: [plan], log });
    await topic.start();
    await topic.send(plan.key, deadRowOf(plan, "{", 0), limits);
    await broker.close();
    let isStored = false;
    const waiting = topic.send(plan.key, deadRowOf(plan, "[", 1), limits).then(() => {
      isStored = true;
    });
    const lost = topic.send(plan.key, deadRowOf(plan, "]", 2), {
      ...limits,
      check: () => Promise.reject(new StaleOwner("a test")),
    });
    await expect(lost).rejects.toBeInstanceOf(StaleOwner);
    // kafkajs gave up after 13 s, and with it the process.
    await sleep(15_000);
    expect(isStored).toBe(false);
    broker = await startKafkaBroker({ port, dataDir });
    await waiting;
    await topic.stop();
    const after = await connectKafka(`127.0.0.1:${port}`);
    const [end] = await after.admin.fetchTopicOffsets("dead");
    expect(Number(end!.high)).toBeGreaterThanOrEqual(2);
    await after.close();
    await broker.close();
    await rm(dataDir, { recursive: true, force: true });
  });
});
