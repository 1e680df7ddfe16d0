import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompressionTypes, type Consumer, Kafka, logLevel, type Producer } from "kafkajs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasKcat } from "../../testing/kcat.ts";
import { type KafkaBroker, startKafkaBroker } from "./server.ts";

let dataDir: string;
let broker: KafkaBroker;
let toClose: (() => Promise<unknown>)[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-kafka-"));
  broker = await startKafkaBroker({ port: 0, dataDir });
  toClose = [];
});

afterEach(async () => {
  await Promise.all(toClose.map((close) => close()));
  await broker.close();
  await rm(dataDir, { recursive: true, force: true });
});

function client(port = broker.port): Kafka {
  return new Kafka({
    clientId: "test",
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    retry: { retries: 3 },
  });
}

async function connectAdmin() {
  const admin = client().admin();
  await admin.connect();
  toClose.push(() => admin.disconnect());
  return admin;
}

async function connectProducer(): Promise<Producer> {
  const producer = client().producer();
  await producer.connect();
  toClose.push(() => producer.disconnect());
  return producer;
}

interface Collected {
  consumer: Consumer;
  values: string[];
  partitions: () => number[];
  memberId: () => string;
}

async function collect(groupId: string, topic: string, autoCommit = true): Promise<Collected> {
  const consumer = client().consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 200, maxWaitTimeInMs: 100 });
  const values: string[] = [];
  let partitions: number[] = [];
  let memberId = "";
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    partitions = payload.memberAssignment[topic] ?? [];
    memberId = payload.memberId;
  });
  await consumer.connect();
  toClose.push(() => consumer.disconnect());
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit,
    eachMessage: async ({ message }) => {
      values.push(String(message.value));
    },
  });
  return { consumer, values, partitions: () => partitions, memberId: () => memberId };
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited 15 s for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const hundred = Array.from({ length: 100 }, (_, index) => ({ key: `k${index}`, value: `value-${index}` }));

describe("the embedded broker with kafkajs", () => {
  it("gives back what was produced, uncompressed and with gzip", async () => {
    const producer = await connectProducer();
    await producer.send({ topic: "plain", messages: hundred });
    await producer.send({ topic: "plain", messages: hundred, compression: CompressionTypes.GZIP, acks: 1 });
    await producer.send({ topic: "plain", messages: [{ value: "unacknowledged" }], acks: 0 });
    const { values } = await collect("readers", "plain");
    await until(() => values.length >= 201, "201 messages");
    const expected = hundred.map(({ value }) => value);
    expect(values).toEqual([...expected, ...expected, "unacknowledged"]);
  });

  it("creates, describes, widens and deletes topics", async () => {
    const admin = await connectAdmin();
    const topics = [{ topic: "t", numPartitions: 2, configEntries: [{ name: "retention.ms", value: "1000" }] }];
    expect(await admin.createTopics({ topics })).toBe(true);
    expect(await admin.createTopics({ topics })).toBe(false);
    const refusal = (topic: string, replicationFactor: number) =>
      admin.createTopics({ topics: [{ topic, replicationFactor }] }).catch((error) => error.errors[0].type);
    expect(await refusal("u", 3)).toBe("INVALID_REPLICATION_FACTOR");
    expect(await refusal("../u", 1)).toBe("INVALID_TOPIC_EXCEPTION");
    await admin.createPartitions({ topicPartitions: [{ topic: "t", count: 5 }] });
    const { topics: described } = await admin.fetchTopicMetadata({ topics: ["t"] });
    expect(described[0]!.partitions).toHaveLength(5);
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: "t", configNames: ["retention.ms"] }],
    });
    expect(resources[0]!.configEntries).toMatchObject([{ configName: "retention.ms", configValue: "1000" }]);
    expect((await admin.describeCluster()).brokers).toMatchObject([{ nodeId: 1, port: broker.port }]);
    await admin.deleteTopics({ topics: ["t"] });
    expect(await admin.listTopics()).toEqual([]);
  });

  it("finds offsets by time inside a compressed batch", async () => {
    const admin = await connectAdmin();
    const producer = await connectProducer();
    await admin.createTopics({ topics: [{ topic: "timed" }] });
    for (const start of [1000, 2000]) {
      const messages = [0, 10, 20].map((delta) => ({ value: "v", timestamp: String(start + delta) }));
      await producer.send({ topic: "timed", messages, compression: CompressionTypes.GZIP });
    }
    const at = async (time: number) => (await admin.fetchTopicOffsetsByTimestamp("timed", time))[0]!.offset;
    expect([await at(500), await at(1005), await at(1010), await at(1500), await at(2020)]).toEqual([
      "0",
      "1",
      "1",
      "3",
      "5",
    ]);
    expect(await admin.fetchTopicOffsets("timed")).toMatchObject([{ offset: "6", low: "0", high: "6" }]);
  });

  it("shares partitions among two members and gives them back when one leaves", async () => {
    const admin = await connectAdmin();
    const producer = await connectProducer();
    await admin.createTopics({ topics: [{ topic: "shared", numPartitions: 4 }] });
    const first = await collect("pair", "shared");
    await until(() => first.partitions().length === 4, "the first member to own all");
    const second = await collect("pair", "shared");
    await until(() => first.partitions().length === 2 && second.partitions().length === 2, "two each");
    expect([...first.partitions(), ...second.partitions()].sort()).toEqual([0, 1, 2, 3]);
    const { groups } = await admin.describeGroups(["pair"]);
    expect(groups[0]).toMatchObject({ state: "Stable", protocolType: "consumer" });
    expect(groups[0]!.members).toHaveLength(2);
    expect((await admin.listGroups()).groups).toContainEqual({ groupId: "pair", protocolType: "consumer" });
    await expect(admin.deleteGroups(["pair"])).rejects.toThrow();
    for (let partition = 0; partition < 4; partition++) {
      await producer.send({ topic: "shared", messages: [{ partition, value: `p${partition}` }] });
    }
    await until(() => first.values.length + second.values.length === 4, "four messages");
    expect(first.values).toHaveLength(2);
    await second.consumer.disconnect();
    await until(() => first.partitions().length === 4, "all partitions back");
    await first.consumer.disconnect();
    expect(await admin.deleteGroups(["pair"])).toMatchObject([{ groupId: "pair", errorCode: 0 }]);
  });

  it("keeps offsets with metadata, up to 4096 characters of it", async () => {
    const producer = await connectProducer();
    const admin = await connectAdmin();
    await producer.send({ topic: "noted", messages: hundred });
    const { consumer, values } = await collect("noters", "noted", false);
    await until(() => values.length === 100, "100 messages");
    const metadata = "é".repeat(4096);
    await consumer.commitOffsets([{ topic: "noted", partition: 0, offset: "42", metadata }]);
    const fetched = await admin.fetchOffsets({ groupId: "noters", topics: ["noted"] });
    expect(fetched[0]!.partitions).toEqual([{ partition: 0, offset: "42", metadata }]);
    expect(await admin.fetchOffsets({ groupId: "noters" })).toMatchObject([{ topic: "noted" }]);
    const tooLong = { topic: "noted", partition: 0, offset: "43", metadata: `${metadata}x` };
    await expect(consumer.commitOffsets([tooLong])).rejects.toMatchObject({
      cause: { type: "OFFSET_METADATA_TOO_LARGE" },
    });
  });

  it("keeps topics, records and offsets over a restart, and removes offsets with their topic", async () => {
    const producer = await connectProducer();
    await producer.send({ topic: "kept", messages: hundred });
    const { consumer, values } = await collect("keepers", "kept", false);
    await until(() => values.length === 100, "100 messages");
    await consumer.commitOffsets([{ topic: "kept", partition: 0, offset: "90", metadata: "m" }]);
    await Promise.all(toClose.splice(0).map((close) => close()));
    await broker.close();
    broker = await startKafkaBroker({ port: 0, dataDir });
    const again = await collect("keepers", "kept");
    await until(() => again.values.length >= 10, "the last 10 messages");
    expect(again.values).toEqual(hundred.slice(90).map(({ value }) => value));
    await again.consumer.disconnect();
    const admin = await connectAdmin();
    await admin.deleteTopics({ topics: ["kept"] });
    expect(await admin.fetchOffsets({ groupId: "keepers" })).toEqual([]);
  });
});

describe("the embedded broker as a process", () => {
  it("keeps every acknowledged record when it is killed", { timeout: 60_000 }, async () => {
    const childDir = await mkdtemp(join(tmpdir(), "millrace-kafka-killed-"));
    const script = `import { startKafkaBroker } from ${JSON.stringify(new URL("./server.ts", import.meta.url).href)};
      const broker = await startKafkaBroker({ port: 0, dataDir: ${JSON.stringify(childDir)} });
      console.log(broker.port);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = await once(child.stdout, "data");
      const producer = client(Number(String(line))).producer();
      await producer.connect();
      let acknowledged = 0;
      const sending = (async () => {
        for (;;) {
          await producer.send({ topic: "killed", messages: hundred.slice(0, 10) });
          acknowledged += 10;
        }
      })().catch(() => {});
      await until(() => acknowledged >= 500, "500 acknowledged records");
      child.kill("SIGKILL");
      await sending;
      await producer.disconnect();
      const revived = await startKafkaBroker({ port: 0, dataDir: childDir });
      toClose.push(() => revived.close());
      const admin = client(revived.port).admin();
      await admin.connect();
      const [end] = await admin.fetchTopicOffsets("killed");
      await admin.disconnect();
      expect(Number(end!.high)).toBeGreaterThanOrEqual(acknowledged);
    } finally {
      child.kill("SIGKILL");
      toClose.push(() => rm(childDir, { recursive: true, force: true }));
    }
  });
});

const withKcat = hasKcat();

describe.skipIf(!withKcat)("the embedded broker with kcat (librdkafka)", () => {
  async function kcat(args: string[], input = ""): Promise<string> {
    const child = spawn("kcat", ["-b", `127.0.0.1:${broker.port}`, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (errors += chunk));
    child.stdin.end(input);
    const [code] = await once(child, "close");
    expect(code, errors).toBe(0);
    return output;
  }

  it.each(["none", "snappy", "zstd"])("produces and consumes, compressed with %s", async (codec) => {
    const lines = Array.from({ length: 2000 }, (_, index) => `line ${index} of a text that repeats itself`).join("\n");
    await kcat(["-P", "-t", "piped", "-z", codec], `${lines}\n`);
    expect(await kcat(["-C", "-t", "piped", "-o", "beginning", "-e", "-q"])).toBe(`${lines}\n`);
    expect(await kcat(["-C", "-t", "piped", "-o", "-2", "-e", "-q", "-f", "%o "])).toBe("1998 1999 ");
  });

  it("stores each record once for an idempotent producer, and serves a balanced group", async () => {
    await kcat(["-P", "-t", "once", "-X", "enable.idempotence=true"], "a\nb\nc\n");
    const grouped = await kcat(["-q", "-e", "-X", "auto.offset.reset=earliest", "-G", "cats", "once"]);
    expect(grouped.trim().split("\n")).toEqual(["a", "b", "c"]);
    expect(await kcat(["-L", "-t", "once"])).toContain('topic "once" with 1 partitions');
  });
});
