import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { queryRows } from "../../src/clients/clickhouse/query-rows.ts";
import { declareTopic, ensureTopics } from "../../src/clients/kafka/topics.ts";
import type { ProfileName, ProfileValues } from "../../src/config/profiles.ts";
import { latencyOf } from "../../src/run/report.ts";
import { loadStages } from "../../src/telemetry/latency-query.ts";
import type { ProcessUsage } from "../../src/telemetry/process-usage.ts";
import type { LatencySummary } from "../../src/telemetry/stages.ts";
import { openCpuWindow } from "../common/cpu-window.ts";
import { type Drained, waitForDrain } from "../common/drained.ts";
import { startIngester } from "../common/ingester.ts";
import { startReadyChild } from "../common/ready-child.ts";
import type { BenchServers } from "../common/servers.ts";
import { requireComplete, waitForStored } from "../latency/step.ts";
import { type GrowthCase, growthTables } from "./axes.ts";
import type { LoadOptions, LoadReport } from "./load.ts";

export interface RunOptions {
  seconds: number;
  /** Load before the measurement, at the same rate, kept out of every figure: compilers are done then. 0: none. */
  warmUpSeconds: number;
  vcpus: number;
  profile: ProfileName;
  /** Values to run with instead of the profile's. */
  values?: ProfileValues;
  /** More of `millrace start`'s options. */
  startArgs: readonly string[];
}

export interface GrowthFigures {
  value: number;
  eventsPerSecond: number;
  events: number;
  /** The generator was not what gave way: it made every event that was due, and had time left. */
  keptRate: boolean;
  /** Share of a core. */
  generatorBusy: number;
  /** Of the ingester and of ClickHouse; the generator's and the broker's apart. */
  cpuMicrosPerEvent: { ingester: number; clickhouse: number; both: number; generator: number; broker: number };
  e2eMs: { p50: number; p95: number; p99: number };
  /** Of the whole server: the pipelines' inserts and those of its query log and of the latency histograms. */
  insertsPerSecond: number;
  /** Parts that inserts made, those behind materialized views among them; not those of merges. */
  partsPerSecond: number;
  rssMiBMax: { ingester: number; clickhouse: number };
  /** From the end of the load to the last commit. */
  drainMs: number;
}

const SEED = 20_260_103;
const PATIENCE_MS = 60_000;
const BUSY_MAX = 0.9;
const load = fileURLToPath(new URL("load.ts", import.meta.url));

/**
 * Offers one load to a fresh ingester with the case's topics, tables and pipelines.
 *
 * @throws MillraceError E_INCOMPLETE when a row was lost or doubled.
 */
export async function runCase(servers: BenchServers, growth: GrowthCase, options: RunOptions): Promise<GrowthFigures> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-growth-"));
  await prepare(servers, growth, folder);
  const groupId = `growth.${process.pid}.${Date.now()}`;
  const names = growth.pipelines.map(({ name }) => name);
  const ingester = await startIngester({
    env: servers.env,
    vcpus: options.vcpus,
    profile: options.profile,
    ...(options.values === undefined ? {} : { values: options.values }),
    groupId,
    args: ["--pipelines", join(folder, "pipelines"), "--pipeline", ...names, ...options.startArgs],
  });
  const generators: { kill(): unknown }[] = [];
  const topics = growth.topics.map(({ topic }) => topic);
  const openLoad = async (seconds: number) => {
    const { eventsPerSecond, recordBytes } = growth;
    const wish: LoadOptions = {
      ...{ brokers: [servers.brokers], topics, eventsPerSecond, recordBytes },
      ...{ durationMs: seconds * 1_000, seed: SEED },
    };
    const child = await startReadyChild<LoadReport>(load, [JSON.stringify(wish)], []);
    generators.push(child);
    return child;
  };
  try {
    await ingester.assigned;
    if (options.warmUpSeconds > 0) {
      const { acknowledged } = await (await openLoad(options.warmUpSeconds)).run();
      const { lag } = await waitForDrain(servers.admin, groupId, topics, PATIENCE_MS);
      if (lag === 0) await waitForStored(servers, acknowledged);
    }
    const measured = await openLoad(options.seconds);
    const seen = await observe(servers, ingester.pid, async () => {
      const generated = await measured.run();
      return { generated, drained: await waitForDrain(servers.admin, groupId, topics, PATIENCE_MS) };
    });
    ingester.stop();
    const report = await ingester.report;
    requireComplete(report.duplicate, report.missing);
    const { e2e } = latencyOf(await loadStages(servers.client, Date.now() - seen.startMs));
    return figuresOf(growth, seen, e2e);
  } finally {
    for (const generator of generators) generator.kill();
    ingester.stop();
    await ingester.report.catch(() => {});
    await removeCase(servers, growth);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Observed {
  startMs: number;
  wallSeconds: number;
  usage: Record<"broker" | "clickhouse" | "ingester", ProcessUsage>;
  inserts: number;
  parts: number;
  generated: LoadReport;
  drained: Drained;
}

/** What the processes used and the server counted while the load ran. */
async function observe(
  servers: BenchServers,
  ingesterPid: number,
  run: () => Promise<Pick<Observed, "generated" | "drained">>,
): Promise<Observed> {
  const before = await countServer(servers);
  const window = await openCpuWindow({
    ...{ broker: servers.brokerPid, clickhouse: servers.clickHousePid, ingester: ingesterPid },
  });
  const startMs = Date.now();
  const ran = await run();
  const wallSeconds = (Date.now() - startMs) / 1_000;
  const usage = await window.read();
  const after = await countServer(servers);
  const counted = { inserts: after.inserts - before.inserts, parts: after.parts - before.parts };
  return { ...ran, ...counted, startMs, wallSeconds, usage };
}

function figuresOf(growth: GrowthCase, seen: Observed, { p50, p95, p99 }: LatencySummary): GrowthFigures {
  const { generated, drained, usage, wallSeconds } = seen;
  const { broker, clickhouse, ingester } = usage;
  const micros = (seconds: number) => round((seconds * 1e6) / Math.max(1, generated.acknowledged));
  const generatorBusy = round(generated.cpuSeconds / (generated.durationMs / 1_000));
  return {
    value: growth.value,
    eventsPerSecond: growth.eventsPerSecond,
    events: generated.acknowledged,
    keptRate: generated.withheld + generated.failed === 0 && drained.lag === 0 && generatorBusy < BUSY_MAX,
    generatorBusy,
    cpuMicrosPerEvent: {
      ingester: micros(ingester.cpuSeconds),
      clickhouse: micros(clickhouse.cpuSeconds),
      both: micros(ingester.cpuSeconds + clickhouse.cpuSeconds),
      generator: micros(generated.cpuSeconds),
      broker: micros(broker.cpuSeconds),
    },
    e2eMs: { p50, p95, p99 },
    insertsPerSecond: round(seen.inserts / wallSeconds),
    partsPerSecond: round(seen.parts / wallSeconds),
    rssMiBMax: { ingester: ingester.rssMiBMax, clickhouse: clickhouse.rssMiBMax },
    drainMs: drained.waitedMs,
  };
}

async function prepare(servers: BenchServers, growth: GrowthCase, folder: string): Promise<void> {
  await servers.emptyTables();
  for (const query of growth.createTables) await servers.client.command({ query });
  await ensureTopics(
    servers.admin,
    growth.topics.map(({ topic, numPartitions }) => declareTopic(topic, numPartitions)),
  );
  await mkdir(join(folder, "pipelines"));
  for (const { name, text } of growth.pipelines) await writeFile(join(folder, "pipelines", `${name}.yaml`), text);
}

async function removeCase(servers: BenchServers, growth: GrowthCase): Promise<void> {
  const topics = growth.topics.map(({ topic }) => topic);
  await servers.admin.deleteTopics({ topics });
  const tables = await queryRows<{ name: string }>(
    servers.client,
    "SELECT name FROM system.tables WHERE database = 'analytics' AND startsWith(name, {prefix:String})",
    { prefix: growthTables },
  );
  for (const { name } of tables) await servers.client.command({ query: `DROP TABLE analytics.${name} SYNC` });
}

async function countServer(servers: BenchServers): Promise<{ inserts: number; parts: number }> {
  const [row] = await queryRows<{ inserts: string; parts: string }>(
    servers.client,
    `SELECT sumIf(value, event = 'InsertQuery') AS inserts, sumIf(value, event = 'MergeTreeDataWriterBlocks') AS parts
      FROM system.events`,
  );
  return { inserts: Number(row!.inserts), parts: Number(row!.parts) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
