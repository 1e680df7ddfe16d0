import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type KafkaBroker, startKafkaBroker } from "../../embedded/kafka/server.ts";
import { ClockSteps, type WallClockTimes } from "./clock-steps.ts";
import { watchMember } from "./testing/watched-member.ts";

const HOUR_MS = 3_600_000;
const now = Date.now;

function setClockBy(stepMs: number): void {
  Date.now = () => now() + stepMs;
}

describe("a consumer while the wall clock is set", () => {
  let dataDir: string;
  let broker: KafkaBroker;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "millrace-clock-steps-"));
    broker = await startKafkaBroker({ port: 0, dataDir });
  });
  afterEach(async () => {
    Date.now = now;
    await broker.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it.each([-HOUR_MS, HOUR_MS])(
    "by %i ms stays in its group, and is shown what comes",
    async (stepMs) => {
      const kafka = new Kafka({ brokers: [`127.0.0.1:${broker.port}`], logLevel: logLevel.NOTHING });
      const [admin, producer] = [kafka.admin(), kafka.producer()];
      await Promise.all([admin.connect(), producer.connect()]);
      await admin.createTopics({ topics: [{ topic: "t", numPartitions: 1 }] });
      const sessionTimeoutMs = 1_500;
      const member = watchMember({ port: broker.port, groupId: "g", topics: ["t"], sessionTimeoutMs });
      await member.source.start();
      try {
        setClockBy(stepMs);
        await sleep(2 * sessionTimeoutMs);
        const heartbeats = member.tap.count("Heartbeat");
        await sleep(sessionTimeoutMs);
        expect(member.tap.count("Heartbeat")).toBeGreaterThan(heartbeats);
        const { groups } = await admin.describeGroups(["g"]);
        expect(groups[0]).toMatchObject({ state: "Stable", members: [expect.anything()] });
        // A request that the step has ended may have cost a join; nothing more does.
        expect(member.joins.length).toBeLessThanOrEqual(2);
        await producer.send({ topic: "t", messages: [{ value: "one" }] });
        await expect.poll(() => member.shown.length, { timeout: 5_000 }).toBe(1);
        expect(member.crashes).toEqual([]);
      } finally {
        Date.now = now;
        await member.source.stop();
        await Promise.all([admin.disconnect(), producer.disconnect()]);
      }
    },
    30_000,
  );
});

describe("ClockSteps", () => {
  afterEach(() => {
    Date.now = now;
  });

  it("carries a step back to all times that kafkajs acts upon, once", () => {
    const requestQueue = { throttledUntil: now() + 100, inflight: new Map([[1, { sentAt: now() }]]) };
    const idle = { throttledUntil: -1, inflight: new Map([[2, { sentAt: null }]]) };
    const broker = { connectionPool: { pool: [{ requestQueue }, { requestQueue: idle }] } };
    const brokerPool = { metadataExpireAt: now() + 5_000, seedBroker: broker, brokers: { 1: broker } };
    const times: WallClockTimes = { lastRequest: now(), cluster: { brokerPool } };
    const spans = () =>
      [
        times.lastRequest,
        brokerPool.metadataExpireAt,
        requestQueue.throttledUntil,
        requestQueue.inflight.get(1)!.sentAt,
      ].map((time) => `${Math.round((time - Date.now()) / 500)}`);
    const steps = new ClockSteps();
    const before = spans();
    steps.carryTo(times);
    setClockBy(-HOUR_MS);
    steps.carryTo(times);
    steps.carryTo(times);
    expect(spans()).toEqual(before);
    expect([idle.throttledUntil, idle.inflight.get(2)!.sentAt]).toEqual([-1, null]);
  });
});
