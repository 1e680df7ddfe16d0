import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../testing/kafka/free-port.ts";
import { type RealKafka, realKafka, startRealKafka } from "../../testing/kafka/real-kafka.ts";
import { createRangeReader } from "./range-reader.ts";
import { type MemberSetup, type WatchedMember, watchMember } from "./testing/watched-member.ts";

/** Two brokers of Apache Kafka. Each partition has one replica: without its broker it has no leader. */

const kafka = await realKafka();
if (!kafka.available) console.warn(`skipped: ${kafka.reason}`);

describe.runIf(kafka.available)("a partition whose only broker is away", () => {
  let folder: string;
  let first: RealKafka;
  let second: RealKafka;
  let admin: Admin;
  let producer: Producer;
  const members: WatchedMember[] = [];
  let startSecond: () => Promise<RealKafka>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-leaderless-"));
    const [port, controller, secondPort] = [await freePort(), await freePort(), await freePort()];
    const quorum = { "controller.quorum.voters": `1@127.0.0.1:${controller}` };
    const listeners = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`;
    first = await startRealKafka({ port, dataDir: join(folder, "1"), properties: { ...quorum, listeners } });
    const own = { "process.roles": "broker", "node.id": "2", listeners: `PLAINTEXT://127.0.0.1:${secondPort}` };
    startSecond = () =>
      startRealKafka({ port: secondPort, dataDir: join(folder, "2"), properties: { ...quorum, ...own } });
    second = await startSecond();
    const client = new Kafka({ brokers: [first.brokers], logLevel: logLevel.NOTHING });
    admin = client.admin();
    // Of metadata in which a partition has no leader, kafkajs makes an error: it keeps what it knew before.
    producer = client.producer({ allowAutoTopicCreation: false, metadataMaxAge: 600_000 });
    await Promise.all([admin.connect(), producer.connect()]);
    const replicaAssignment = [1, 2].map((broker, partition) => ({ partition, replicas: [broker] }));
    await admin.createTopics({ topics: [{ topic: "t", replicaAssignment }], waitForLeaders: true });
  }, 120_000);

  afterAll(async () => {
    await Promise.all(members.map(({ source }) => source.stop().catch(() => {})));
    await Promise.allSettled([admin?.disconnect(), producer?.disconnect()]);
    await second?.close();
    await first?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }, 60_000);

  async function start(setup: Partial<MemberSetup>): Promise<WatchedMember> {
    const made = watchMember({ port: first.port, groupId: "g", topics: ["t"], sessionTimeoutMs: 10_000, ...setup });
    members.push(made);
    await made.source.start();
    return made;
  }

  async function put(partition: number): Promise<void> {
    await producer.send({ topic: "t", messages: [{ value: "record", partition }] });
  }

  async function until(what: string, isMet: () => boolean, waitMs = 30_000): Promise<void> {
    const deadlineMs = performance.now() + waitMs;
    while (!isMet()) {
      if (performance.now() > deadlineMs) throw new Error(`waited in vain until ${what}`);
      await sleep(50);
    }
  }

  const last = (of: WatchedMember, partition: number) => of.batchesOf("t", partition).at(-1)?.lastOffset ?? -1;

  it("is told, keeps nobody waiting, and is read on, or begun, when it is back", async () => {
    const a = await start({});
    await put(0);
    await put(1);
    await until("both are read", () => last(a, 0) === 0 && last(a, 1) === 0);
    await second.close();
    await until("it is told", () => a.unread.at(-1)?.length === 1);
    expect(a.unread.at(-1)).toMatchObject([{ topic: "t", partition: 1 }]);
    // A group that has not begun it yet.
    const b = await start({ groupId: "h" });
    await until("the other has begun what it can", () => b.joins.length > 0);
    expect(b.begun).toEqual([["t", 0, 0]]);
    for (let offset = 1; offset < 4; offset += 1) {
      await put(0);
      const putMs = performance.now();
      await until("the rest is read", () => last(a, 0) === offset && last(b, 0) === offset);
      expect(performance.now() - putMs).toBeLessThan(5_000);
    }
    const at = { topic: "t", partition: 0, offset: 2, metadata: "" };
    await a.joins.at(-1)!.commit([at, { ...at, partition: 1, offset: 1 }], () => {});
    second = await startSecond();
    await put(1);
    await until("it is read again", () => last(a, 1) === 1 && last(b, 1) === 1);
    await until("nothing is told any more", () => a.unread.at(-1)?.length === 0 && b.unread.at(-1)?.length === 0);
    expect(b.begun).toEqual([
      ["t", 0, 0],
      ["t", 1, 0],
    ]);
    expect([...a.crashes, ...b.crashes]).toEqual([]);
  }, 180_000);

  it("has its ranges read when it is back, and those of others meanwhile", async () => {
    await put(0);
    await put(1);
    const waits: string[] = [];
    const reader = createRangeReader({
      kafka: { brokers: [first.brokers], logLevel: logLevel.NOTHING },
      fetchBytesMax: 1 << 20,
      onWait: ({ partition }, reason) => void waits.push(`${partition}: ${reason}`),
    });
    try {
      const { signal } = new AbortController();
      const read = (partition: number) => reader.read({ topic: "t", partition, firstOffset: 0, lastOffset: 0 }, signal);
      expect((await read(1)).batches).toHaveLength(1);
      await second.close();
      const reading = read(1);
      expect((await read(0)).batches).toHaveLength(1);
      await until("it is told", () => waits.length > 0);
      second = await startSecond();
      expect((await reading).batches).toHaveLength(1);
      expect(waits).toEqual([expect.stringMatching(/^1: /)]);
    } finally {
      await reader.close();
    }
  }, 120_000);
});
