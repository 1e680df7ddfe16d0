import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClientSettings, Codec, KafkaClientUnderTest } from "./client.ts";
import type { ClientFactory } from "./conformance-clients.ts";
import { kafkajsFor } from "./kafkajs-client.ts";
import { kcatRead } from "./kcat-client.ts";
import { digestByTopic, digestOf, type RecordDigest, sampleRecords } from "./sample-records.ts";
import { storedCodecs } from "./stored-codec.ts";

const PARTITIONS = 4;
const CASE_TIMEOUT_MS = 120_000;
/** The codecs that kafkajs decodes as published. */
const KAFKAJS_CODECS = /-(none|gzip)$/;

export interface BrokerUnderTest {
  readonly brokers: string;
  close(): Promise<void>;
}

/**
 * Registers the conformance cases: every client writes `records` records with every codec it has into a topic of its
 * own; then every client reads the topics of all clients, as a consumer group, in two halves with a new member each,
 * so that a wrong committed offset shows as a lost or doubled record. Equal means: the same multiset of lines.
 */
export function describeConformance(
  title: string,
  clients: ReadonlyMap<string, ClientFactory>,
  records: number,
  start: () => Promise<BrokerUnderTest>,
): void {
  describe(title, () => {
    const written: Record<string, RecordDigest> = {};
    const firstHalves = new Map<string, string[]>();
    let broker: BrokerUnderTest;
    let settings: ClientSettings;
    let admin: Admin;
    const client = (name: string): KafkaClientUnderTest => clients.get(name)!(settings);

    beforeAll(async () => {
      broker = await start();
      settings = { brokers: broker.brokers, workDir: await mkdtemp(join(tmpdir(), "millrace-conformance-")) };
      admin = kafkajsFor(broker.brokers).admin();
      await admin.connect();
    }, CASE_TIMEOUT_MS);
    afterAll(async () => {
      await admin?.disconnect();
      await broker?.close();
      if (settings) await rm(settings.workDir, { recursive: true, force: true });
    });

    for (const { name, codec } of producers(clients)) {
      it(
        `stores what ${name} writes with compression ${codec}`,
        async () => {
          const topic = `${name}-${codec}`;
          await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] });
          const lines = sampleRecords(topic, records);
          await client(name).produce(topic, lines, codec);
          expect(await endOffsets(admin, topic)).toBe(records);
          expect(await codecs(broker.brokers, topic)).toEqual(new Set([codec]));
          // The Kafka engine writes values without keys.
          const kept = name === "clickhouse" ? lines.map((line) => line.slice(line.indexOf("\t"))) : lines;
          written[topic] = digestOf(kept);
        },
        CASE_TIMEOUT_MS,
      );
    }

    // All first members come before all second ones, and ClickHouse first and last: its member does not leave its group,
    // and the time until its session ends is not waited for, but used for the others.
    for (const name of clients.keys()) {
      it(
        `hands one half of the records to a group of ${name}`,
        async () => {
          const topics = readable(name, written);
          expect(topics.length).toBeGreaterThan(0);
          firstHalves.set(name, await readFirstHalf(client(name), topics, records));
        },
        CASE_TIMEOUT_MS,
      );
    }
    it.skipIf(!clients.has("kcat"))("finds offsets by position from the end, and by time", async () => {
      const topic = "kcat-none";
      const { partition, low, high } = (await admin.fetchTopicOffsets(topic))[0]!;
      expect(partition).toBeGreaterThanOrEqual(0);
      expect(Number(high) - Number(low)).toBeGreaterThan(10);
      const from = (offset: string) => kcatRead(settings, topic, offset);
      const [last, all, none] = await Promise.all([from("-10"), from("s@1"), from("end")]);
      expect(last).toHaveLength(10 * PARTITIONS);
      expect(digestByTopic(all)).toEqual({ [topic]: written[topic] });
      expect(none).toEqual([]);
    });

    it(
      "shares the partitions between two members of a group",
      () => sharesPartitions(broker.brokers, admin),
      CASE_TIMEOUT_MS,
    );

    for (const name of [...clients.keys()].reverse()) {
      it(
        `hands the other half to the next member of the group of ${name}, from the committed offsets on`,
        async () => {
          const topics = readable(name, written);
          const first = firstHalves.get(name) ?? [];
          firstHalves.delete(name);
          const count = topics.length * records - first.length;
          const second = await client(name).readGroup({ topics, group: groupOf(name), count });
          const expected = Object.fromEntries(topics.map((topic) => [topic, written[topic]]));
          expect(digestByTopic(first.concat(second))).toEqual(expected);
          for (const topic of topics) expect(await committed(admin, name, topic)).toBe(records);
        },
        CASE_TIMEOUT_MS,
      );
    }
  });
}

function producers(clients: ReadonlyMap<string, ClientFactory>) {
  const nowhere = { brokers: "", workDir: "" };
  return [...clients].flatMap(([name, make]) =>
    make({ ...nowhere, brokers: "127.0.0.1:1" }).producerCodecs.map((codec) => ({ name, codec })),
  );
}

/** The written topics that the client can decode. */
function readable(client: string, written: Record<string, RecordDigest>): string[] {
  return Object.keys(written).filter((topic) => client !== "kafkajs" || KAFKAJS_CODECS.test(topic));
}

/**
 * ClickHouse commits whole blocks, so its first member cannot stop in the middle of a topic: it is given half of the
 * topics, where the others are given all of them and stop after half of the records.
 */
function readFirstHalf(client: KafkaClientUnderTest, topics: string[], records: number): Promise<string[]> {
  const half = Math.ceil(topics.length / 2);
  const some = client.name === "clickhouse" ? topics.slice(0, half) : topics;
  return client.readGroup({ topics: some, group: groupOf(client.name), count: half * records });
}

function groupOf(client: string): string {
  return `conformance-${client}`;
}

/**
 * The codecs that the broker hands out, over all partitions: one of them holds the quarter of a megabyte that is among
 * the first sample records, in a batch that shows what the producer did however it cut the others.
 */
async function codecs(brokers: string, topic: string): Promise<Set<Codec>> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  const found = await Promise.all(partitions.map((partition) => storedCodecs(brokers, topic, partition)));
  return new Set(found.flatMap((codecs) => [...codecs]));
}

async function endOffsets(admin: Admin, topic: string): Promise<number> {
  return sum((await admin.fetchTopicOffsets(topic)).map(({ high }) => high));
}

async function committed(admin: Admin, client: string, topic: string): Promise<number> {
  const [offsets] = await admin.fetchOffsets({ groupId: groupOf(client), topics: [topic] });
  // A partition without records keeps -1, "nothing committed".
  return sum(offsets!.partitions.map(({ offset }) => offset).filter((offset) => offset !== "-1"));
}

function sum(numbers: readonly string[]): number {
  return numbers.reduce((total, number) => total + Number(number), 0);
}

async function sharesPartitions(brokers: string, admin: Admin): Promise<void> {
  const topic = "two-members";
  await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }] });
  const kafka = kafkajsFor(brokers);
  const seen: [topic: string, reader: number][] = [];
  const shares = [0, 0];
  const consumers = [0, 1].map(() =>
    kafka.consumer({ groupId: "two-members", heartbeatInterval: 300, maxWaitTimeInMs: 100 }),
  );
  const producer = kafka.producer();
  try {
    await producer.connect();
    for (const [reader, consumer] of consumers.entries()) {
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        shares[reader] = payload.memberAssignment[topic]?.length ?? 0;
      });
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ eachMessage: async ({ message }) => void seen.push([String(message.value), reader]) });
    }
    await expect.poll(() => [...shares], { timeout: 30_000 }).toEqual([PARTITIONS / 2, PARTITIONS / 2]);
    const values = Array.from({ length: 400 }, (_, n) => String(n));
    const messages = values.map((value, n) => ({ value, partition: n % PARTITIONS }));
    await producer.send({ topic, messages });
    await expect.poll(() => seen.map(([value]) => value).sort(), { timeout: 30_000 }).toEqual(values.sort());
    expect(seen.filter(([, reader]) => reader === 0)).toHaveLength(200);
  } finally {
    await Promise.all([...consumers, producer].map((client) => client.disconnect()));
  }
}
