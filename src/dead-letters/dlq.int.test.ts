import { logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../testing/ingest-servers.ts";
import { runMillrace } from "../testing/run-millrace.ts";
import { createOrders, deadRowOf, ordersPlan } from "./testing/letter-desk.ts";
import { createDeadLetterTopic } from "./topic.ts";

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
});

afterAll(async () => {
  await clients?.close();
  await servers.close();
});

describe("millrace dlq", () => {
  it("lists, shows and replays what a run rejected, once its table is mended", { timeout: 120_000 }, async () => {
    const { client, env } = servers;
    await createOrders(client);
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
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining("repeat it with --yes")]);
    await client.command({ query: "ALTER TABLE shop.orders MODIFY COLUMN amount UInt32" });
    const replay = ["dlq", "replay", "--table", "shop.orders", "--json"];
    const dryRun = await runMillrace([...replay, "--dry-run"], env);
    expect([dryRun.code, JSON.parse(dryRun.stdout)]).toMatchObject([0, { taken: 3, stored: 2, dryRun: true }]);
    const done = await runMillrace([...replay, "--yes"], env);
    const [errorType] = Object.keys(JSON.parse(done.stdout).rejected);
    expect([done.code, JSON.parse(done.stdout)]).toMatchObject([1, { taken: 3, stored: 2, skipped: {} }]);
    const answer = await client.query({
      query: "SELECT groupArray(amount) AS amounts FROM (SELECT amount FROM shop.orders ORDER BY kafka_offset)",
      format: "JSONEachRow",
    });
    expect(await answer.json()).toEqual([{ amounts: [1, 300, 301] }]);
    const rejected = await runMillrace(["dlq", "show", "orders", "0", "3", "--json"], env);
    expect(JSON.parse(rejected.stdout)).toMatchObject({ errorType, replays: [{ outcome: "rejected", errorType }] });
  });
});

describe("a topic for dead letters", () => {
  it("gets one message a letter, all acknowledged; none goes to a topic that is not there", async () => {
    const plan = await ordersPlan(servers.client, "orders");
    const options = {
      kafka: { brokers: [servers.brokers], logLevel: logLevel.NOTHING },
      ownTopics: ["orders"],
      plans: [plan],
    };
    const absent = createDeadLetterTopic({ ...options, topic: "absent" });
    await expect(absent.start()).rejects.toThrow(/absent.*no such topic/);
    await admin.createTopics({ topics: [{ topic: "orders.dead", numPartitions: 2 }] });
    const topic = createDeadLetterTopic({ ...options, topic: "orders.dead" });
    await topic.start();
    for (const [index, value] of ["no JSON", "{", "[1]"].entries())
      await topic.send(plan.key, deadRowOf(plan, value, index));
    await topic.stop();
    const ends = await admin.fetchTopicOffsets("orders.dead");
    expect(ends.reduce((sum, { high }) => sum + Number(high), 0)).toBe(3);
  });
});
