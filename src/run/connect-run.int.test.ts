import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Logger, pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readEnvironment } from "../config/environment.ts";
import { parseStartArguments, type StartArguments } from "../config/start-options.ts";
import { createLog } from "../telemetry/log.ts";
import { brokersToTest, connectKafka, type IngestServers } from "../testing/ingest-servers.ts";
import { connectRun } from "./connect-run.ts";
import type { EmbeddedServers } from "./embedded-servers.ts";
import { Shutdown } from "./shutdown.ts";

/** `connectRun` that fails half-way: all of it happens in this process, so that what stays open can be counted here. */

const noServers: EmbeddedServers = {
  ...{ kafkaBrokers: undefined, clickHouseUrl: undefined, takenPorts: [], children: [] },
  stop: async () => {},
};
const [[, startServers]] = (await brokersToTest()) as [Awaited<ReturnType<typeof brokersToTest>>[number]];
let servers: IngestServers;

beforeAll(async () => {
  servers = await startServers();
  await servers.client.command({ query: "CREATE DATABASE halves" });
  await servers.client.command({ query: "CREATE TABLE halves.rows (id UInt64) ENGINE = MergeTree ORDER BY id" });
  const { admin, close } = await connectKafka(servers.brokers);
  await admin.createTopics({ topics: [{ topic: "there", numPartitions: 1 }] });
  await close();
}, 90_000);

afterAll(() => servers?.close());

interface Half extends Partial<StartArguments> {
  /** With the simulator and its topics, which the options do not give together with others' topics. */
  simulates?: boolean;
}

interface Given {
  asked?: Promise<string>;
  log?: Logger;
}

function connect({ simulates = false, ...typed }: Half, given: Given = {}) {
  const { asked = new Promise(() => {}), log = createLog("silent") } = given;
  const options = parseStartArguments({
    ...{ profile: "low", topic: ["there"], table: "halves.rows", group: "halves", from: "earliest" },
    ...{ pipelines: "ops/pipelines", simulator: false, drainTimeout: "5s", ...typed },
  });
  const shutdown = new Shutdown(asked, options.drainTimeoutMs);
  const environment = readEnvironment(servers.env);
  return connectRun({
    options: { ...options, simulator: simulates, makesTopics: simulates },
    ...{ environment, servers: noServers, log, shutdown, startedMs: performance.now() },
  });
}

let sockets: Socket[] = [];
const onSocket = (message: unknown) => sockets.push((message as { socket: Socket }).socket);
let processesBefore: number;
let threads = 0;

process.on("worker", (worker) => {
  threads += 1;
  worker.on("exit", () => {
    threads -= 1;
  });
});

const countProcesses = () => process.getActiveResourcesInfo().filter((kind) => kind === "ProcessWrap").length;

beforeEach(() => {
  sockets = [];
  subscribe("net.client.socket", onSocket);
  processesBefore = countProcesses();
});
afterEach(() => void unsubscribe("net.client.socket", onSocket));

/** Connections of this process, idle ones too, its child processes and threads. */
function openNow() {
  const connections = sockets.filter(({ destroyed }) => !destroyed).length;
  return { connections, processes: countProcesses() - processesBefore, threads };
}

async function expectNothingOpen(withinMs = 15_000): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (Object.values(openNow()).some((open) => open > 0) && performance.now() < deadlineMs) await sleep(20);
  expect(openNow()).toEqual({ connections: 0, processes: 0, threads: 0 });
}

describe("connectRun()", () => {
  it("opens what is counted here, and close() closes it", async () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line) => void lines.push(line) });
    const run = await connect({ simulates: true }, { log });
    expect(openNow()).toEqual({ connections: expect.any(Number), processes: 1, threads: run.options.profile.workers });
    expect(openNow().connections).toBeGreaterThan(1);
    while (!lines.some((line) => line.includes("guarantee: "))) await sleep(5);
    await run.close();
    // Soon: the ClickHouse client ends by itself what it has not used for 2 s.
    await expectNothingOpen(1_000);
  }, 60_000);

  it.each([
    ["at the dead letters' topic, after all else", { deadLetterTopic: "absent", simulates: true }, /no such topic/],
    ["at a topic that it reads itself", { deadLetterTopic: "there" }, /each would come back/],
    ["at its topics", { topic: ["absent"] }, /no such topic/],
    ["at its table", { table: "halves.absent" }, /halves.absent/],
    ["before anything", { topic: undefined, table: undefined, pipeline: ["absent"] }, /absent/],
  ])(
    "leaves nothing open when it fails %s",
    async (_where, typed, message) => {
      await expect(connect(typed as Half)).rejects.toThrow(message);
      await expectNothingOpen();
    },
    60_000,
  );

  it("leaves nothing open when it is asked to stop meanwhile", async () => {
    await expect(connect({ simulates: true }, { asked: sleep(30, "the button") })).rejects.toThrow(
      "stopped by the button",
    );
    await expectNothingOpen();
  }, 60_000);
});
