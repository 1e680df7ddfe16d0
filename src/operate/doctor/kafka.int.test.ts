import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Admin, Kafka, type KafkaConfig, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startKafkaBroker } from "../../embedded/kafka/server.ts";
import { encodeIntents } from "../../ingest/commit/intents.ts";
import { realKafka } from "../../testing/kafka/real-kafka.ts";
import { startRealKafka } from "../../testing/kafka/start-real-kafka.ts";
import { examineKafka } from "./examine-kafka.ts";
import type { Finding } from "./finding.ts";
import { judgeKafka } from "./judge-kafka.ts";
import { judgeTopics } from "./judge-topics.ts";
import { type KafkaCluster, openCluster } from "./kafka-versions.ts";
import { setUp } from "./testing/fixtures.ts";

const HOUR_MS = 3_600_000;
const group = "millrace.test";

/** Limits that an operator could have set, each of them wrong for us. */
const properties = {
  "offset.metadata.max.bytes": "1000",
  "offsets.retention.minutes": "60",
  "group.max.session.timeout.ms": "20000",
};

const kinds: [string, (dataDir: string) => Promise<{ brokers: string; close(): Promise<unknown> }>][] = [
  [
    "the embedded broker",
    async (dataDir) => {
      const broker = await startKafkaBroker({ port: 0, dataDir });
      return { brokers: `127.0.0.1:${broker.port}`, close: () => broker.close() };
    },
  ],
];
const real = await realKafka();
if (real.available) kinds.push(["Apache Kafka", (dataDir) => startRealKafka({ dataDir, properties })]);
else console.warn(`skipped with Apache Kafka: ${real.reason}`);

describe.each(kinds)("the doctor with %s", (name, start) => {
  const isReal = name === "Apache Kafka";
  let dataDir: string;
  let broker: { brokers: string; close(): Promise<unknown> };
  let kafka: KafkaConfig;
  let admin: Admin;
  let producer: Producer;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "millrace-doctor-"));
    broker = await start(dataDir);
    kafka = { brokers: [broker.brokers], clientId: "millrace", logLevel: logLevel.NOTHING };
    const client = new Kafka(kafka);
    admin = client.admin();
    producer = client.producer();
    await Promise.all([admin.connect(), producer.connect()]);
  });
  afterAll(async () => {
    await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
    await broker.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function makeTopic(topic: string, config: Record<string, string>, ages: number[]): Promise<void> {
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries }], waitForLeaders: true });
    const messages = ages.map((age) => ({ key: "k", value: "{}", timestamp: String(Date.now() - age) }));
    if (messages.length > 0) await producer.send({ topic, messages });
  }

  /** A commit without membership, as command-line tools make it: kafkajs' own has no metadata. */
  async function commit(topic: string, offset: number, metadata = ""): Promise<void> {
    const cluster = openCluster(new Kafka(kafka)) as KafkaCluster & {
      findGroupCoordinator(about: object): Promise<{ offsetCommit(request: object): Promise<unknown> }>;
    };
    await cluster.connect();
    const coordinator = await cluster.findGroupCoordinator({ groupId: group });
    const topics = [{ topic, partitions: [{ partition: 0, offset: String(offset), metadata }] }];
    await coordinator.offsetCommit({ groupId: group, groupGenerationId: -1, memberId: "", topics });
    await cluster.disconnect();
  }

  async function examined(topics: string[], creatableTopics: string[] = []): Promise<Finding[]> {
    const own = setUp({
      plans: [],
      groupId: group,
      embedded: { kafka: !isReal, clickHouse: true },
      brokers: [broker.brokers],
      creatableTopics,
    });
    const facts = await examineKafka(kafka, group, topics);
    return [...judgeKafka(facts, own), ...judgeTopics(facts, own)];
  }

  const about = (findings: Finding[], where: string) =>
    findings.filter((finding) => finding.where === where).map(({ code, severity }) => [code, severity]);

  it("finds a topic that is read up to its end in order, and our own ranges in flight readable", async () => {
    await makeTopic("read", {}, [1_000, 500]);
    const metadata = encodeIntents([{ firstOffset: 2, lastOffset: 3, judgedMs: Date.now() }]);
    await commit("read", 2, metadata);
    const findings = await examined(["read"]);
    expect(findings.filter(({ code }) => code === "kafka.version")).not.toContainEqual(
      expect.objectContaining({ severity: "error" }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({ code: "group.metadata", severity: "ok", found: expect.stringContaining("1 range ") }),
    );
    expect(about(findings, "read").filter(([, severity]) => severity !== "notice")).toEqual([["lag.retention", "ok"]]);
  });

  it("finds commits of another program in the group", async () => {
    await makeTopic("foreign", {}, [1_000]);
    await commit("foreign", 1, "checkpoint-17");
    const finding = (await examined(["foreign"])).find(({ code }) => code === "group.metadata")!;
    expect([finding.severity, finding.where, finding.found]).toEqual([
      "weakens",
      "foreign:0",
      expect.stringContaining("checkpoint-17"),
    ]);
  });

  it.each([
    [0.9, "weakens"],
    [0.6, "notice"],
    [0.1, undefined],
  ])("judges unread records at %f of their retention: %s", async (share, severity) => {
    const topic = `lag-${share}`;
    await makeTopic(topic, { "retention.ms": String(30 * HOUR_MS) }, [30 * HOUR_MS * share, 1_000]);
    await commit(topic, 0);
    const finding = (await examined([topic])).find(({ where }) => where === `${topic}:0`);
    expect([finding?.severity, finding?.code]).toEqual([severity, severity && "lag.retention"]);
    // What is read is not lost, however old.
    await commit(topic, 1);
    expect(about(await examined([topic]), `${topic}:0`)).toEqual([]);
  });

  it("finds records from the future, short retention, and topics that are not there", async () => {
    await makeTopic("ahead", { "retention.ms": String(2 * HOUR_MS) }, [-HOUR_MS / 2]);
    const findings = await examined(["ahead", "nowhere", "soon"], ["soon"]);
    expect(about(findings, "ahead")).toEqual(
      expect.arrayContaining([
        ["kafka.clock", "notice"],
        ["topic.retention", "notice"],
      ]),
    );
    expect([about(findings, "nowhere"), about(findings, "soon")]).toEqual([
      [["topic.absent", "error"]],
      [["topic.absent", "notice"]],
    ]);
  });

  it.runIf(isReal)("reads the brokers' limits, compaction, timestamps, and what was deleted unread", async () => {
    const config = {
      "cleanup.policy": "compact,delete",
      "message.timestamp.type": "LogAppendTime",
      "max.message.bytes": "8388608",
    };
    await makeTopic("odd", config, [1_000]);
    await makeTopic("lost", {}, [3_000, 2_000, 1_000]);
    await commit("lost", 0);
    // kafkajs looks for the partition's leader before it has asked for any.
    await admin.fetchTopicOffsets("lost");
    await admin.deleteTopicRecords({ topic: "lost", partitions: [{ partition: 0, offset: "2" }] });
    const findings = await examined(["odd", "lost"]);
    expect(about(findings, "Kafka brokers")).toEqual([
      ["broker.offset-metadata", "error"],
      ["broker.session-timeout", "error"],
      ["broker.offsets-retention", "weakens"],
    ]);
    expect(about(findings, "odd")).toEqual(
      expect.arrayContaining([
        ["topic.compaction", "notice"],
        ["topic.timestamps", "notice"],
        ["topic.batch-size", "notice"],
      ]),
    );
    expect(findings.find(({ code }) => code === "lag.lost")).toMatchObject({
      where: "lost:0",
      severity: "weakens",
      found: expect.stringContaining("2 records were deleted"),
    });
  });

  it("finds topics that members subscribe to and nobody is given", async () => {
    await makeTopic("led", {}, [1_000]);
    await makeTopic("unled", {}, [1_000]);
    // kafkajs' own assigner gives everybody the topics of the leader, as Millrace did before it had one of its own.
    const consumers = ["led", "unled"].map((topic) => {
      const own = new Kafka({ ...kafka, clientId: "millrace" }).consumer({
        sessionTimeout: 20_000,
        groupId: group,
        heartbeatInterval: 200,
        maxWaitTimeInMs: 200,
      });
      return { topic, own };
    });
    for (const { topic, own } of consumers) {
      await own.connect();
      await own.subscribe({ topics: [topic] });
      const joined = new Promise((resolve) => own.on(own.events.GROUP_JOIN, resolve));
      await own.run({ autoCommit: false, eachMessage: async () => {} });
      await joined;
    }
    const about = async () => (await examined(["led", "unled"])).find(({ code }) => code === "group.unassigned");
    let finding: Finding | undefined;
    for (let tries = 0; finding === undefined && tries < 50; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      finding = await about();
    }
    await Promise.all(consumers.map(({ own }) => own.disconnect()));
    expect(finding).toMatchObject({ severity: "error", where: group, found: expect.stringContaining("unled (0)") });
  }, 60_000);

  it("finds another program among the group's members", async () => {
    await makeTopic("shared", {}, [1_000]);
    const consumer = new Kafka({ ...kafka, clientId: "reporting" }).consumer({
      groupId: group,
      sessionTimeout: 20_000,
      // To leave it waits for the fetch under way, by default 5 s.
      maxWaitTimeInMs: 200,
    });
    await consumer.connect();
    await consumer.subscribe({ topics: ["shared"] });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({ autoCommit: false, eachMessage: async () => {} });
    await joined;
    const findings = await examined(["shared"]);
    await consumer.disconnect();
    expect(findings.find(({ code }) => code === "group.members")).toMatchObject({
      severity: "weakens",
      found: expect.stringContaining("reporting"),
    });
    expect(about(await examined(["shared"]), group)).toContainEqual(["group.members", "ok"]);
  });
});
