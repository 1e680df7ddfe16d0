import { setTimeout as sleep } from "node:timers/promises";
import { declareTopic, ensureTopics } from "../../src/clients/kafka/topics.ts";
import type { ProfileName } from "../../src/config/profiles.ts";
import { readSimulatorProfile, readSimulatorRoutes } from "../../src/config/simulator-files.ts";
import { defaultTopics, serviceTopic } from "../../src/config/topics.ts";
import { MillraceError } from "../../src/core/errors.ts";
import { waitForDrain } from "../common/drained.ts";
import { startIngester } from "../common/ingester.ts";
import type { BenchServers } from "../common/servers.ts";
import { readThreadUsage, type ThreadUsage } from "../common/thread-usage.ts";
import { prepareBatches, stampBatch } from "../latency/replay-batch.ts";
import { startReplay } from "../latency/replay-child.ts";
import { connectReplay } from "../latency/replay-connection.ts";

export interface QuietOptions {
  profile: ProfileName;
  vcpus: number;
  /** Events per second while the CPU is measured; 0: none. */
  eventsPerSecond: number;
  /** Of the three topics together. */
  partitions: number;
  seconds: number;
  /** Before the measurement, under the same load. */
  warmUpSeconds: number;
  /** Single events into a system that is idle, one after another, after an idle measurement. */
  singles: number;
}

export interface QuietFigures {
  eventsPerSecond: number;
  partitions: number;
  /** Of one core, while the load ran. */
  cpuPercent: ThreadUsage & { all: number };
  /** From the event to its row: of the load, or of the single events. */
  e2eMs: { p50: number; p95: number; max: number };
  events: number;
}

const SEED = 20_260_101;
/** The generator begins before the ingester's warm-up is counted, and must not end before the measurement does. */
const SLACK_MS = 500;
const SINGLE_APART_MS = 1_000;
/** Prime to the other times, so that no two single events fall on the same moment of a period. */
const SINGLE_STEP_MS = 137;
const PATIENCE_MS = 30_000;
/** The seed's shares of the load (src/config/topics.ts): a topic's partitions follow them. */
const shares = { auth: 0.5, order: 0.3, payment: 0.2 };
const topics = Object.keys(shares).map(serviceTopic);

/** Measures a fresh ingester in a process of its own: nothing of servers and load generator is in its figures. */
export async function measureCase(servers: BenchServers, options: QuietOptions): Promise<QuietFigures> {
  const { eventsPerSecond, partitions, seconds, warmUpSeconds } = options;
  await servers.emptyTopics();
  await servers.emptyTables();
  await growTopics(servers, partitions);
  const groupId = `bench-quiet.${process.pid}.${Date.now()}`;
  const { profile, vcpus } = options;
  const ingester = await startIngester({ env: servers.env, vcpus, profile, groupId, args: [] });
  let replay: Awaited<ReturnType<typeof startReplay>> | undefined;
  try {
    await ingester.assigned;
    let load: Promise<unknown> = Promise.resolve();
    if (eventsPerSecond > 0) {
      const durationMs = (warmUpSeconds + seconds) * 1_000 + SLACK_MS;
      const brokers = [servers.brokers];
      replay = await startReplay({ brokers, eventsPerSecond, durationMs, compression: "lz4", seed: SEED }, []);
      load = replay.run();
      load.catch(() => {});
    }
    await sleep(warmUpSeconds * 1_000);
    const cpuPercent = await cpuPercentOver(ingester.pid, seconds * 1_000);
    await load;
    if (eventsPerSecond === 0) await sendSingles(servers, options.singles);
    await waitForDrain(servers.admin, groupId, topics, PATIENCE_MS);
    ingester.stop();
    const report = await ingester.report;
    if (report.missing !== 0 || report.duplicate !== 0) {
      throw new MillraceError("E_INCOMPLETE", `${report.missing} rows missing, ${report.duplicate} doubled`);
    }
    const { p50, p95, max } = report.latencyMs.e2e;
    return { eventsPerSecond, partitions, cpuPercent, e2eMs: { p50, p95, max }, events: report.stored };
  } finally {
    replay?.kill();
    ingester.stop();
    await ingester.report.catch(() => {});
  }
}

/** As many partitions as the topics have anyway, or more. */
async function growTopics({ admin }: BenchServers, partitions: number): Promise<void> {
  const declared = Object.entries(shares).map(([service, share]) =>
    declareTopic(serviceTopic(service), Math.round(partitions * share)),
  );
  await ensureTopics(admin, [...declared, ...defaultTopics.filter(({ name }) => !topics.includes(name))]);
}

async function cpuPercentOver(pid: number, durationMs: number): Promise<QuietFigures["cpuPercent"]> {
  const before = await readThreadUsage(pid);
  const startMs = performance.now();
  await sleep(durationMs);
  const after = await readThreadUsage(pid);
  const tookMs = performance.now() - startMs;
  const percent = (kind: keyof ThreadUsage) => Math.round(((after[kind] - before[kind]) / tookMs) * 1e7) / 100;
  const [main, workers, rest] = [percent("main"), percent("workers"), percent("rest")];
  return { main, workers, rest, all: Math.round((main + workers + rest) * 100) / 100 };
}

/** Each waits for a moment of its own in the ingester's rhythm: fetches that wait, heartbeats, timers. */
async function sendSingles({ brokers }: BenchServers, count: number): Promise<void> {
  const source = { profile: readSimulatorProfile(), routes: readSimulatorRoutes(), seed: SEED };
  const topic = topics[0]!;
  const [batch] = prepareBatches(source, new Map([[topic, 1]]), 1, "none").get(topic)!;
  const connection = await connectReplay([brokers], [topic]);
  try {
    for (let index = 0; index < count; index++) {
      await sleep(SINGLE_APART_MS + ((index * SINGLE_STEP_MS) % SINGLE_APART_MS));
      const nowMs = Date.now();
      const partition = (index * 3) % connection.partitionsOf(topic);
      await connection.send([{ topic, partition, bytes: stampBatch(batch!, nowMs, 0, nowMs) }]);
    }
  } finally {
    await connection.close();
  }
}
