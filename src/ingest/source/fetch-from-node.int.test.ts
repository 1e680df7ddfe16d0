import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type KafkaBroker, startKafkaBroker } from "../../embedded/kafka/server.ts";
import { until } from "./testing/watched-group.ts";
import { type MemberSetup, watchMember } from "./testing/watched-member.ts";

/** What one fetch does with an answer, against the embedded broker, which reads logs and limits answers as Kafka does. */

const PARTITIONS = 12;
const FETCH_BYTES = 10_000;
let folder: string;
let server: KafkaBroker;
let producer: Producer;
let topics = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-fetch-"));
  server = await startKafkaBroker({ port: 0, dataDir: folder });
  const kafka = new Kafka({ brokers: [`127.0.0.1:${server.port}`], logLevel: logLevel.NOTHING });
  producer = kafka.producer();
  await producer.connect();
}, 60_000);
afterAll(async () => {
  await producer.disconnect();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** A member of a new group, of a new topic that has batches of so many bytes in each partition. */
async function memberBehind(batchBytes: number, setup: Partial<MemberSetup> = {}, batchesEach = 1) {
  topics += 1;
  const topic = `t${topics}`;
  const admin = new Kafka({ brokers: [`127.0.0.1:${server.port}`], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] });
  await admin.disconnect();
  const messages = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, value: "x".repeat(batchBytes) }));
  for (let sent = 0; sent < batchesEach; sent += 1) await producer.send({ topic, messages });
  const options = { flushIntervalMs: 250, fetchBytesPerPartition: FETCH_BYTES };
  return watchMember({ port: server.port, groupId: topic, topics: [topic], ...options, ...setup });
}

it("has not caught up while a partition has a batch above the limit, which comes first in an answer or not at all", async () => {
  const shownThen: number[] = [];
  const member = await memberBehind(FETCH_BYTES * 2, { onCaughtUp: () => shownThen.push(member.shown.length) });
  await member.source.start();
  await until("it has caught up", () => shownThen.length > 0);
  await member.source.stop();
  expect(shownThen[0]).toBe(PARTITIONS);
});

it("has not caught up while partitions have more than a fetch takes of each, little though it is", async () => {
  const shownThen: number[] = [];
  const onCaughtUp = () => shownThen.push(member.shown.length);
  const member = await memberBehind(FETCH_BYTES * 0.4, { onCaughtUp }, 5);
  await member.source.start();
  await until("it has caught up", () => shownThen.length > 0);
  await member.source.stop();
  expect(shownThen[0]).toBe(PARTITIONS * 5);
});

it("hands over the whole of an answer, though its first batch pauses the source", async () => {
  const member = await memberBehind(10, { onBatch: () => member.source.pause() });
  await member.source.start();
  await until("all has come", () => member.shown.length >= PARTITIONS);
  expect(member.shown).toHaveLength(PARTITIONS);
  await member.source.stop();
}, 60_000);
