import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { runMillrace } from "../../testing/run-millrace.ts";

/** Two pipelines in one process: what becomes of the good one when the other's table takes nothing. */
const LARGE = 640;
/** Ends a test that waits in vain. */
const UNTIL_MS = 60_000;
let servers: IngestServers;
let kafka: KafkaClients;
let folder: string;

beforeAll(async () => {
  servers = await (await brokersToTest())[0]![1]();
  kafka = await connectKafka(servers.brokers);
  folder = await mkdtemp(join(tmpdir(), "millrace-stopped-"));
  await servers.client.command({ query: "CREATE DATABASE p" });
  for (const name of ["bad", "good"]) {
    const text = `name: ${name}\ntopics: [${name}]\ncodec: json\ntable: p.${name}\n`;
    await writeFile(join(folder, `${name}.yaml`), text);
    await createTable(name, name === "bad" ? ", parts_to_delay_insert = 1000, parts_to_throw_insert = 2" : "");
  }
  const topics = ["bad", "good"].map((topic) => ({ topic, numPartitions: 1 }));
  await kafka.admin.createTopics({ topics });
}, 60_000);
afterAll(async () => {
  await kafka.close();
  await servers.close();
  await rm(folder, { recursive: true, force: true });
});

function createTable(name: string, settings = ""): Promise<unknown> {
  return run(
    `CREATE TABLE p.${name} (id UInt64, pad String, kafka_topic String, kafka_partition Int32, kafka_offset Int64) ENGINE = MergeTree
     ORDER BY id SETTINGS non_replicated_deduplication_window = 10000 ${settings}`,
  );
}
const run = (query: string) => servers.client.command({ query });
let sent = 0;
async function send(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1, sent += 1) {
    for (const topic of ["bad", "good"]) await kafka.producer.send({ topic, messages: [{ value: `{"id":${sent}}` }] });
    await sleep(100);
  }
}
async function idsOf(name: string): Promise<number> {
  const query = `SELECT toUInt32(uniqExact(id)) AS ids, toUInt32(count()) AS rows FROM p.${name}`;
  const [row] = await queryRows<{ ids: number; rows: number }>(servers.client, query);
  expect(row!.rows).toBe(row!.ids);
  return row!.ids;
}
async function until(name: string, ids: () => number): Promise<void> {
  const endMs = Date.now() + UNTIL_MS;
  while ((await idsOf(name)) !== ids()) {
    if (Date.now() > endMs) expect.fail(`p.${name} has ${await idsOf(name)} of ${ids()} rows after ${UNTIL_MS} ms`);
    await sleep(100);
  }
}

it("a table that refuses inserts, and one that is dropped, stop their own pipeline only", {
  timeout: 300_000,
}, async () => {
  const stop = Promise.withResolvers<void>();
  const args = ["start", "--pipelines", folder, "--pipeline", "bad", "good", "--no-simulator", "--json"];
  const running = runMillrace(
    [...args, "--profile", "low"],
    { ...servers.env, MILLRACE_LOG_LEVEL: "info" },
    {
      stopWhen: stop.promise,
    },
  );
  await send(1);
  for (const name of ["bad", "good"]) await until(name, () => sent);

  // Too many parts: each insert into the one is refused, none into the other.
  await run("SYSTEM STOP MERGES p.bad");
  await send(30);
  await until("good", () => sent);
  expect(await idsOf("bad")).toBeLessThan(sent);
  // More bytes than the profile's budget has room for.
  const pad = "x".repeat(100_000);
  for (let first = 0; first < LARGE; first += 8) {
    const values = Array.from({ length: 8 }, (_, index) => `{"id":${1_000_000 + first + index},"pad":"${pad}"}`);
    await kafka.producer.send({ topic: "bad", messages: values.map((value) => ({ value })) });
  }
  await send(30);
  await until("good", () => sent);
  expect(await idsOf("bad")).toBeLessThan(sent);
  await run("SYSTEM START MERGES p.bad");
  await run("ALTER TABLE p.bad MODIFY SETTING parts_to_throw_insert = 1000");
  await until("bad", () => sent + LARGE);

  await run("DROP TABLE p.bad SYNC");
  const kept = sent;
  await send(10);
  await until("good", () => sent);
  await createTable("bad");
  await until("bad", () => sent - kept);
  await send(5);
  for (const name of ["bad", "good"]) await until(name, () => sent - (name === "bad" ? kept : 0));

  await run("DROP TABLE p.bad SYNC");
  await send(5);
  await until("good", () => sent);
  stop.resolve();
  const { code, stdout, stderr } = await running;
  const report = JSON.parse(stdout.trim().split("\n").at(-1)!);
  expect(report.stopped).toMatchObject([{ pipeline: "bad", table: "p.bad", reason: expect.stringContaining("p.bad") }]);
  expect(report).toMatchObject({ missing: 0, duplicate: 0 });
  expect(stderr).toContain("this pipeline is stopped, the others go on");
  expect(stderr).toContain("the table takes rows again: this pipeline goes on");
  expect(code).toBe(1);
});
