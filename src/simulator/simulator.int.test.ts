import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyTopics, declareTopic, ensureTopics, planTopics } from "../clients/kafka/topics.ts";
import { defaultTopics } from "../config/topics.ts";
import { type KafkaBroker, startKafkaBroker } from "../embedded/kafka/server.ts";
import type { SimulatorReport } from "../run/simulator-report.ts";
import { startSimulator } from "./simulator.ts";

const dataDir = mkdtempSync(join(tmpdir(), "millrace-simulator-"));
let broker: KafkaBroker;
let kafka: Kafka;
const open = () => startKafkaBroker({ port: broker?.port ?? 0, dataDir, autoCreateTopics: false });

beforeAll(async () => {
  broker = await open();
  kafka = new Kafka({ brokers: [address()], logLevel: logLevel.NOTHING });
  await withAdmin((admin) => ensureTopics(admin, defaultTopics));
});

afterAll(async () => {
  await broker.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function address(): string {
  return `127.0.0.1:${broker.port}`;
}

type Admin = ReturnType<Kafka["admin"]>;

async function withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  return use(admin).finally(() => admin.disconnect());
}

async function logEnds(): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  await withAdmin(async (admin) => {
    for (const { name } of defaultTopics) {
      for (const { partition, high } of await admin.fetchTopicOffsets(name))
        ends.set(`${name}:${partition}`, Number(high));
    }
  });
  return ends;
}

/** What comes at once on an idle machine, and later on a busy one. */
function soon<T>(read: () => T) {
  return expect.poll(read, { timeout: 15_000, interval: 20 });
}

/** What the simulator says was acknowledged is what the log holds beyond `before`, offset by offset. */
async function expectLogGrownBy(report: SimulatorReport, before: Map<string, number>): Promise<void> {
  const after = await logEnds();
  for (const { topic, partition, count, firstOffset, lastOffset, ranges } of report.partitions) {
    const key = `${topic}:${partition}`;
    expect(after.get(key)! - before.get(key)!, key).toBe(count);
    if (count === 0) continue;
    expect([firstOffset, lastOffset], key).toEqual([before.get(key), after.get(key)! - 1]);
    expect(ranges, key).toEqual([[firstOffset, lastOffset]]);
  }
}

/** Reads the values of a topic with kafkajs, from given offsets to the end. */
async function readValues(topic: string, before: Map<string, number>): Promise<string[]> {
  const after = await logEnds();
  const wanted = defaultTopics.find(({ name }) => name === topic)!.partitions;
  let left = 0;
  for (let partition = 0; partition < wanted; partition++) {
    left += after.get(`${topic}:${partition}`)! - before.get(`${topic}:${partition}`)!;
  }
  const values: string[] = [];
  if (left === 0) return values;
  const consumer = kafka.consumer({ groupId: `read-${topic}-${Date.now()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on("consumer.crash", ({ payload }) => reject(payload.error));
    void consumer.run({
      eachMessage: async ({ partition, message }) => {
        if (Number(message.offset) < before.get(`${topic}:${partition}`)!) return;
        values.push(message.value?.toString() ?? "");
        if (values.length === left) resolve();
      },
    });
  });
  await consumer.disconnect();
  return values;
}

test("all that the report counts is in the log, once, and can be consumed", { timeout: 30_000 }, async () => {
  const before = await logEnds();
  const simulator = await startSimulator({
    brokers: [address()],
    eventsPerSecond: 20_000,
    durationMs: 1_000,
    seed: 5,
    compression: "none",
    mode: "all",
  });
  await simulator.finished;
  const report = await simulator.stop();
  expect(report).toMatchObject({ produced: 20_000, generated: 20_000, failed: 0, withheld: 0, dlqWrapped: 0 });
  expect(report.errorCopies).toBeGreaterThan(20);
  await expectLogGrownBy(report, before);
  const orders = await readValues("logs.order", before);
  expect(orders.length).toBeGreaterThan(5_000);
  const ids = orders.map((value) => JSON.parse(value).event_id);
  expect(new Set(ids).size).toBe(ids.length);
  const copies = (await readValues("logs.error", before)).map((value) => JSON.parse(value));
  expect(copies).toHaveLength(report.errorCopies);
  for (const { result, status_code } of copies) expect(result === "fail" || status_code >= 500).toBe(true);
});

test("two runs with one seed put the same documents into Kafka", { timeout: 30_000 }, async () => {
  const runs: string[][] = [];
  for (const lingerMs of [0, 20]) {
    const before = await logEnds();
    const simulator = await startSimulator({
      ...{ brokers: [address()], eventsPerSecond: 10_000, eventsMax: 3_000, seed: 9, badRate: 0.01, lingerMs },
      ...{ compression: "none", badKinds: ["not-json", "service-missing", "json-array"] },
    });
    await simulator.finished;
    const report = await simulator.stop();
    expect(report.produced).toBe(3_000);
    const auth = await readValues("logs.auth", before);
    const unknown = await readValues("logs.unknown", before);
    expect(unknown).toHaveLength(report.badByKind["service-missing"]!);
    runs.push([...auth, ...unknown].map((value) => value.replace(/"ts_ms":\d{13}/, "")).sort());
  }
  expect(runs[1]).toEqual(runs[0]);
});

test("the rate changes over HTTP, and wrong rates are refused", { timeout: 30_000 }, async () => {
  const simulator = await startSimulator({
    brokers: [address()],
    eventsPerSecond: 100,
    httpPort: 0,
    statsIntervalMs: 500,
  });
  const url = `http://127.0.0.1:${simulator.httpPort}`;
  const patch = async (query: string) => (await fetch(`${url}/simulator/eps${query}`, { method: "PATCH" })).status;
  try {
    expect(await (await fetch(`${url}/ping`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${url}/simulator/ping`)).json()).toEqual({ status: "running" });
    expect([await patch("?value=0"), await patch("?value=-3"), await patch("?value=x"), await patch("")]).toEqual([
      422, 422, 422, 422,
    ]);
    expect(await patch("?value=8000")).toBe(200);
    const { generated } = simulator.stats();
    const fromMs = performance.now();
    await sleep(1_000);
    // A busy machine sleeps longer.
    const perSecond = ((simulator.stats().generated - generated) / (performance.now() - fromMs)) * 1_000;
    expect(perSecond).toBeGreaterThan(6_000);
    expect(perSecond).toBeLessThan(12_000);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/simulator_target_events_per_second 8000\n/);
    const stopping = simulator.stop();
    expect(await patch("?value=10").catch(() => 503)).toBe(503);
    await stopping;
  } finally {
    await simulator.stop();
  }
});

test("a broker that restarts under load loses and doubles nothing", { timeout: 30_000 }, async () => {
  const before = await logEnds();
  const simulator = await startSimulator({ brokers: [address()], eventsPerSecond: 5_000, retryBackoffMs: 50 });
  await sleep(500);
  await broker.close();
  await soon(() => simulator.stats().pendingEvents).toBeGreaterThan(500);
  broker = await open();
  await sleep(1_000);
  const report = await simulator.stop();
  expect(report.failed).toBe(0);
  expect(report.produced).toBe(report.generated);
  await expectLogGrownBy(report, before);
});

test("what a broker does not take in time is wrapped for logs.dlq and counted apart", { timeout: 30_000 }, async () => {
  const before = await logEnds();
  const options = { eventsPerSecond: 1_000, retryBackoffMs: 50, deliveryTimeoutMs: 400, seed: 1 };
  const simulator = await startSimulator({ brokers: [address()], ...options, compression: "gzip" });
  await sleep(300);
  await broker.close();
  await soon(() => simulator.stats().failed).toBeGreaterThan(0);
  broker = await open();
  await sleep(700);
  const report = await simulator.stop();
  expect(report.failed).toBeGreaterThan(0);
  expect(report.produced + report.failed).toBe(report.generated);
  const deadLetters = (await readValues("logs.dlq", before)).map((value) => JSON.parse(value));
  expect(deadLetters).toHaveLength(report.dlqWrapped);
  expect(deadLetters.length).toBeGreaterThan(0);
  for (const deadLetter of deadLetters) {
    expect(deadLetter).toMatchObject({ error_type: "produce_failed", source_topic: `logs.${deadLetter.service}` });
    expect(JSON.parse(deadLetter.raw_json).event_id).toBe(deadLetter.event_id);
  }
});

test("a queue that runs full slows down, then pauses, and recovers", { timeout: 30_000 }, async () => {
  const changes: string[] = [];
  const simulator = await startSimulator({
    ...{ brokers: [address()], eventsPerSecond: 10_000, queueEventsMax: 2_000, retryBackoffMs: 50 },
    log: (_level, message) => changes.push(message),
  });
  await sleep(200);
  await broker.close();
  await soon(() => simulator.stats()).toMatchObject({ paused: true, pauses: 1 });
  await soon(() => simulator.stats().withheld).toBeGreaterThan(1_000);
  const { pendingEvents } = simulator.stats();
  expect(pendingEvents).toBeGreaterThan(1_700);
  expect(pendingEvents).toBeLessThan(2_100); // copies of failures come on top
  broker = await open();
  await soon(() => simulator.stats().paused).toBe(false);
  const report = await simulator.stop();
  expect(report).toMatchObject({ failed: 0 });
  expect(report.withheld).toBeGreaterThan(1_000);
  expect(changes).toEqual(expect.arrayContaining(["throttled", "resumed", "behind target"]));
});

test("without a broker or a topic the start is refused with what to do", { timeout: 30_000 }, async () => {
  await expect(startSimulator({ brokers: ["127.0.0.1:1"] })).rejects.toThrow(
    /no Kafka broker of 127\.0\.0\.1:1 answers/,
  );
  const { readSimulatorProfile } = await import("../config/simulator-files.ts");
  const profile = { ...readSimulatorProfile(), mix: { ship: 1 }, errorRate: { ship: 0 } };
  const routes = { ship: [{ path: "/ship", methods: ["GET"], weight: 1, apiGroup: undefined, domainEvents: null }] };
  await expect(startSimulator({ brokers: [address()], profile, routes, mode: "http" })).rejects.toThrow(
    /topic logs\.ship does not exist: create it; millrace topics apply knows only the built-in ones/,
  );
});

test("topics are created, grown, left alone, and never shrunk", { timeout: 30_000 }, async () => {
  await withAdmin(async (admin) => {
    const wanted = (partitions: number) => [declareTopic("plan.me", partitions)];
    const apply = async (partitions: number) => {
      const changes = await planTopics(admin, wanted(partitions));
      await applyTopics(admin, wanted(partitions), changes);
      return changes[0];
    };
    expect(await apply(2)).toEqual({ action: "create", topic: "plan.me", partitions: 2 });
    expect(await apply(2)).toEqual({ action: "unchanged", topic: "plan.me", partitions: 2 });
    expect(await apply(4)).toEqual({ action: "grow", topic: "plan.me", partitions: 4, from: 2 });
    expect(await apply(3)).toMatchObject({
      action: "refuse",
      from: 4,
      reason: expect.stringMatching(/cannot take partitions/),
    });
    expect(await apply(4)).toMatchObject({ action: "unchanged" });
  });
});

test("millrace simulate drains and reports on SIGTERM under load", { timeout: 30_000 }, async () => {
  const before = await logEnds();
  const child = startCommand("simulate", "--json", "--brokers", address(), "--eps", "20000", "--port", "0");
  const messages: { type: string; httpPort?: number; produced?: number }[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    messages.push(JSON.parse(line));
    if (messages.at(-1)!.type === "stats") child.kill("SIGTERM");
  }
  expect(messages[0]).toMatchObject({ type: "ready", httpPort: expect.any(Number) });
  const report = messages.at(-1) as unknown as SimulatorReport & { type: string };
  expect(report).toMatchObject({ type: "report", failed: 0, produced: report.generated });
  expect(report.produced).toBeGreaterThan(10_000);
  await expectLogGrownBy(report, before);
  expect(await exitCode(child)).toBe(0);
});

test("millrace simulate stops when its parent's pipe closes", { timeout: 30_000 }, async () => {
  const child = startCommand("simulate", "--json", "--brokers", address(), "--eps", "100", "--stop-on-stdin-close");
  const types: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    types.push(JSON.parse(line).type);
    if (types.length === 1) child.stdin!.end();
  }
  expect(types[0]).toBe("ready");
  expect(types.at(-1)).toBe("report");
  expect(await exitCode(child)).toBe(0);
});

const entry = fileURLToPath(new URL("../millrace.mjs", import.meta.url));

function startCommand(...args: string[]): ChildProcess {
  return spawn(process.execPath, [entry, ...args], { stdio: ["pipe", "pipe", "inherit"] });
}

function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.on("exit", resolve));
}
