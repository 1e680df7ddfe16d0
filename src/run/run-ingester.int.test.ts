import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { readEnvironment } from "../config/environment.ts";
import { parseStartArguments } from "../config/start-options.ts";
import { createLog } from "../telemetry/log.ts";
import { brokersToTest, connectKafka, type IngestServers } from "../testing/ingest-servers.ts";
import type { RunFace } from "./run-face.ts";
import { runIngester } from "./run-ingester.ts";

/** An ingester in this process, without terminal, signals and exit codes: as a server runs it. */

const [[, startServers]] = (await brokersToTest()) as [Awaited<ReturnType<typeof brokersToTest>>[number]];
let servers: IngestServers;

beforeAll(async () => {
  servers = await startServers();
  await servers.client.command({ query: "CREATE DATABASE faces" });
  await servers.client.command({
    query: `CREATE TABLE faces.rows (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
      ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100000`,
  });
}, 90_000);

afterAll(() => servers?.close());

function optionsOf(topic: string) {
  return parseStartArguments({
    ...{ profile: "low", topic: [topic], table: "faces.rows", group: `faces.${topic}` },
    ...{ from: "earliest", pipelines: "ops/pipelines", simulator: false },
  });
}

function recordingFace(told: string[]): RunFace {
  const begin = (what: string) => {
    told.push(what);
    return () => void told.push(`end of ${what}`);
  };
  return {
    starting: () => begin("starting"),
    serversReady: ({ children }) => void told.push(`ready with ${children.length} children`),
    running: () => begin("running"),
    stopping: (reason) => void told.push(`stopping: ${reason}`),
    reported: ({ stored }) => void told.push(`reported ${stored}`),
  };
}

it("runs and returns its report, tells its face in order, and prints nothing", async () => {
  const { admin, producer, close } = await connectKafka(servers.brokers);
  await admin.createTopics({ topics: [{ topic: "seen", numPartitions: 1 }] });
  await producer.send({ topic: "seen", messages: [1, 2, 3].map((id) => ({ value: `{"id":${id}}` })) });
  await close();
  const printed = [vi.spyOn(console, "log"), vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
  const listeners = process.listenerCount("SIGINT") + process.listenerCount("SIGTERM");
  const told: string[] = [];
  let ask = (_reason: string) => {};
  const asked = new Promise<string>((resolve) => {
    ask = resolve;
  });
  const running = runIngester({
    ...{ environment: readEnvironment(servers.env), options: optionsOf("seen"), log: createLog("silent"), asked },
    face: recordingFace(told),
  });
  const count = { query: "SELECT toUInt32(count()) AS rows FROM faces.rows", format: "JSONEachRow" } as const;
  while ((await (await servers.client.query(count)).json<{ rows: number }>())[0]!.rows < 3) await sleep(100);
  ask("the button");
  const end = await running;
  expect(end).toMatchObject({
    ...{ kind: "reported", fault: undefined },
    report: { stored: 3, missing: 0, duplicate: 0, backlog: 0 },
  });
  expect(told.filter((each) => each !== "end of starting")).toEqual([
    ...["starting", "ready with 0 children", "running", "stopping: the button", "end of running", "reported 3"],
  ]);
  expect(told.indexOf("end of starting")).toBeLessThan(told.indexOf("running"));
  expect(printed.flatMap((spy) => spy.mock.calls)).toEqual([]);
  expect(process.listenerCount("SIGINT") + process.listenerCount("SIGTERM")).toBe(listeners);
  vi.restoreAllMocks();
}, 90_000);

it("returns without a report when it is asked to stop before it begins", async () => {
  const told: string[] = [];
  const end = await runIngester({
    ...{ environment: readEnvironment(servers.env), options: optionsOf("unseen"), log: createLog("silent") },
    ...{ asked: Promise.resolve("the button"), face: recordingFace(told) },
  });
  expect(end).toEqual({ kind: "not begun" });
  expect(told.at(-1)).toBe("end of starting");
  expect(told).not.toContain("running");
}, 90_000);
