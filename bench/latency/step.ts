import { setTimeout as sleep } from "node:timers/promises";
import type { ProfileName, ProfileValues } from "../../src/config/profiles.ts";
import { serviceTopic } from "../../src/config/topics.ts";
import { MillraceError } from "../../src/core/errors.ts";
import { latencyOf } from "../../src/run/report.ts";
import { loadStages } from "../../src/telemetry/latency-query.ts";
import { openCpuWindow } from "../common/cpu-window.ts";
import { waitForDrain } from "../common/drained.ts";
import { startIngester } from "../common/ingester.ts";
import type { BenchServers } from "../common/servers.ts";
import type { ReplayCompression } from "./replay-batch.ts";
import { startReplay } from "./replay-child.ts";
import type { StepFigures } from "./verdict.ts";

export interface StepOptions {
  vcpus: number;
  eventsPerSecond: number;
  seconds: number;
  /** Load before the measurement, at the same rate, kept out of every figure: compilers are done then. 0: none. */
  warmUpSeconds: number;
  profile: ProfileName;
  /** Values to run with instead of the profile's. */
  values?: ProfileValues;
  compression: ReplayCompression;
  /** Cores of the load generator; empty: it shares the budget's. */
  generatorCores: readonly number[];
  /** How long it may catch up after the load. */
  patienceMs: number;
  /** More of `millrace start`'s options. */
  startArgs: readonly string[];
}

const SEED = 20_260_101;
/** The ingester writes its histograms every 10 s. */
const FLUSH_MS_MAX = 15_000;
export const replayTopics: string[] = ["auth", "order", "payment"].map(serviceTopic);

/**
 * Offers one rate for some seconds to a fresh ingester on empty topics and tables.
 *
 * The stage latencies are those that the ingester stores itself (the histograms behind `millrace latency`), of the
 * measured part alone: the warm-up is drained and its histograms are stored before the measurement begins.
 */
export async function runStep(servers: BenchServers, options: StepOptions): Promise<StepFigures> {
  await servers.emptyTopics();
  await servers.emptyTables();
  const groupId = `bench.${process.pid}.${Date.now()}`;
  const ingester = await startIngester({
    env: servers.env,
    vcpus: options.vcpus,
    profile: options.profile,
    ...(options.values === undefined ? {} : { values: options.values }),
    groupId,
    args: options.startArgs,
  });
  const replays: { kill(): unknown }[] = [];
  const load = async (seconds: number) => {
    const child = await startReplay(
      {
        brokers: [servers.brokers],
        eventsPerSecond: options.eventsPerSecond,
        durationMs: Math.round(seconds * 1_000),
        compression: options.compression,
        seed: SEED,
      },
      options.generatorCores,
    );
    replays.push(child);
    return child;
  };
  try {
    await ingester.assigned;
    if (options.warmUpSeconds > 0) {
      const warmUp = await (await load(options.warmUpSeconds)).run();
      const { lag } = await waitForDrain(servers.admin, groupId, replayTopics, options.patienceMs);
      if (lag === 0) await waitForStored(servers, warmUp.acknowledged);
    }
    const measured = await load(options.seconds);
    const window = await openCpuWindow({
      broker: servers.brokerPid,
      clickhouse: servers.clickHousePid,
      ingester: ingester.pid,
    });
    const startMs = Date.now();
    const replay = await measured.run();
    const loadEndMs = startMs + options.seconds * 1_000;
    const drained = await waitForDrain(servers.admin, groupId, replayTopics, options.patienceMs);
    const endMs = Date.now();
    const usage = await window.read();
    ingester.stop();
    const report = await ingester.report;
    requireComplete(report.duplicate, report.missing);
    const latency = await loadStages(servers.client, Date.now() - startMs);
    const { broker, clickhouse, ingester: own } = usage;
    return {
      vcpus: options.vcpus,
      generatorOutside: options.generatorCores.length > 0,
      eventsPerSecond: options.eventsPerSecond,
      replay,
      wallMs: endMs - startMs,
      drainMs: Math.max(0, endMs - loadEndMs),
      lag: drained.lag,
      cpuSeconds: {
        generator: Math.round(replay.cpuSeconds * 100) / 100,
        broker: broker.cpuSeconds,
        clickhouse: clickhouse.cpuSeconds,
        ingester: own.cpuSeconds,
      },
      rssMiBMax: { broker: broker.rssMiBMax, clickhouse: clickhouse.rssMiBMax, ingester: own.rssMiBMax },
      latencyMs: latencyOf(latency),
    };
  } finally {
    for (const replay of replays) replay.kill();
    ingester.stop();
    await ingester.report.catch(() => {});
  }
}

/** Waits until the stored histograms hold `count` events: what is recorded later belongs to the measurement. */
export async function waitForStored(servers: BenchServers, count: number): Promise<void> {
  const deadlineMs = Date.now() + FLUSH_MS_MAX;
  for (;;) {
    const table = await loadStages(servers.client, 600_000);
    if (latencyOf(table).e2e.count >= count || Date.now() > deadlineMs) return;
    await sleep(200);
  }
}

/** Latencies of a run that lost or doubled rows are figures of another program. */
export function requireComplete(duplicate: number | null, missing: number | null): void {
  if (duplicate === 0 && missing === 0) return;
  if (duplicate === null || missing === null) {
    const why = "Kafka or ClickHouse did not answer in time, or the table's rows cannot be told apart";
    throw new MillraceError("E_INCOMPLETE", `the rows of the run were not compared with its records: ${why}`);
  }
  throw new MillraceError("E_INCOMPLETE", `the run ended with ${missing} rows missing and ${duplicate} doubled`);
}
