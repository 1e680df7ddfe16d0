import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { commitAs } from "../../testing/commit-as.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { runMillrace } from "../../testing/run-millrace.ts";
import { bundleIdOf } from "../commit/bundle-id.ts";
import { LISTED_MEMBERS_MAX } from "../commit/ledger.ts";

/** Two pipelines in one process: what becomes of the good one while the other's bundles wait for what an earlier owner left. */
let servers: IngestServers;
let kafka: KafkaClients;
let folder: string;

beforeAll(async () => {
  servers = await (await brokersToTest())[0]![1]();
  kafka = await connectKafka(servers.brokers);
  folder = await mkdtemp(join(tmpdir(), "millrace-waiting-"));
  await run("CREATE DATABASE p");
  for (const name of ["good", "waits"]) {
    const text = `name: ${name}\ntopics: [${name}]\ncodec: json\ntable: p.${name}\n`;
    await writeFile(join(folder, `${name}.yaml`), text);
    await run(
      `CREATE TABLE p.${name} (id UInt64, pad String, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
       ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 10000`,
    );
  }
  const topics = ["good", "short", "waits"].map((topic) => ({ topic, numPartitions: 2 }));
  await kafka.admin.createTopics({ topics });
}, 60_000);
afterAll(async () => {
  await kafka.close();
  await servers.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (query: string) => servers.client.command({ query });
const sent = new Map<string, number>();
/** Sends so many records to each partition. */
async function send(topic: string, count: number, pad = ""): Promise<void> {
  const first = sent.get(topic) ?? 0;
  sent.set(topic, first + 2 * count);
  const messages = Array.from({ length: 2 * count }, (_, index) => ({
    ...{ partition: index % 2, value: JSON.stringify({ id: first + index, pad }) },
  }));
  await kafka.producer.send({ topic, messages });
}
async function untilStored(name: string, withinMs: number, ofOthers = 0): Promise<void> {
  const rows = sent.get(name)! + ofOthers;
  const endMs = Date.now() + withinMs;
  for (;;) {
    const query = `SELECT toUInt32(count()) AS rows FROM p.${name}`;
    const [row] = await queryRows<{ rows: number }>(servers.client, query);
    if (row!.rows === rows) return;
    if (Date.now() > endMs) expect.fail(`p.${name} has ${row!.rows} of ${rows} rows after ${withinMs} ms`);
    await sleep(100);
  }
}

it("bundles that wait until commits may name them leave the others their room", { timeout: 240_000 }, async () => {
  for (const [topic, count] of [
    ["short", 5],
    ["waits", 20],
    ["good", 20],
  ] as const)
    await send(topic, count);
  // Of one of its ranges there are no records yet, and nothing behind the other can be committed.
  const judged = Date.now();
  const ranges = ["short", "waits"].map((topic) => ({ topic, partition: 0, firstOffset: 0, lastOffset: 9 }));
  const metadata = `m3 0-9@${judged}#${bundleIdOf(ranges, judged)}.2`;
  const group = "waiting-plans";
  for (const { topic, partition } of ranges) {
    await commitAs(servers.brokers, group, [{ topic, partition, offset: 0, metadata }]);
  }
  const stop = Promise.withResolvers<void>();
  const args = [
    "start",
    "--pipelines",
    folder,
    "--pipeline",
    "good",
    "waits",
    "--group",
    group,
    "--no-simulator",
    "--json",
  ];
  const running = runMillrace([...args, "--profile", "low"], servers.env, { stopWhen: stop.promise });
  await untilStored("good", 60_000);
  for (let count = 0; count < LISTED_MEMBERS_MAX + 9; count += 1) {
    await send("waits", 1);
    await send("good", 1);
    await sleep(1_000);
  }
  await untilStored("good", 60_000);
  // More bytes than the profile's budget has room for.
  for (let count = 0; count < 40; count += 1) await send("waits", 8, "x".repeat(100_000));
  await sleep(2_000);
  await send("good", 5);
  await untilStored("good", 60_000);
  // So long a wait is told.
  await sleep(9_000);
  await send("short", 5);
  await untilStored("waits", 60_000, 10);
  stop.resolve();
  const { stderr } = await running;
  expect(stderr).toMatch(/inserts wait \(\d+\): ranges before them are not stored yet, of waits:0\./);
});
