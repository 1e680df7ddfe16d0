import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type { Admin } from "kafkajs";
import type { Logger } from "pino";
import type { Environment } from "../config/environment.ts";
import type { StartOptions } from "../config/start-options.ts";
import { defaultTopics, ensureTopics } from "../config/topics.ts";
import { MillraceError } from "../core/errors.ts";
import { type EmbeddedServers, launchServers } from "../embedded/launch.ts";
import { createPipeline, type Pipeline } from "../pipeline/pipeline.ts";
import { migrate } from "../schema/migrate.ts";
import type { TablePlan } from "../schema/plan.ts";
import { hasReached, lagOf, type PartitionOffsets, readOffsets } from "../source/offsets.ts";
import { storeLatency } from "../telemetry/latency-store.ts";
import { createLog } from "../telemetry/log.ts";
import { relaxCollectionOfBuffers } from "./collector.ts";
import { connectAdmin, connectClickHouse, kafkaConfig } from "./connect.ts";
import { buildPlans, choosePipelines } from "./plans.ts";
import { untilStopped } from "./signals.ts";
import { type SimulatorChild, startSimulatorChild } from "./simulator-child.ts";
import { makeReport, printReport } from "./start-report.ts";
import { startStatusLine } from "./status-line.ts";

const LATENCY_FLUSH_MS = 10_000;
const END_POLL_MS = 100;

/** Everything a run needs, connected. Made once, closed in reverse order. */
export interface Run {
  options: StartOptions;
  servers: EmbeddedServers;
  client: ClickHouseClient;
  admin: Admin;
  log: Logger;
  plans: TablePlan[];
  topics: string[];
  /** Offsets when the run began. */
  begin: PartitionOffsets[];
  pipeline: Pipeline;
  simulator: SimulatorChild | undefined;
  startedMs: number;
  serversReadyMs: number;
}

/**
 * Runs the pipeline until a signal, the duration's or the topics' end; then drains, reports and stops the servers.
 *
 * @throws MillraceError when the set-up is wrong, or the pipeline met an error that no retry can help.
 */
export async function runStart(environment: Environment, options: StartOptions): Promise<void> {
  const startedMs = Date.now();
  relaxCollectionOfBuffers();
  const stopped = untilStopped({ onParentGone: environment.startedByNpm });
  const log = createLog(environment.logLevel);
  log.info(options.profile.origin);
  const servers = await launchServers({
    kafka: environment.kafkaBrokers === undefined,
    clickHouse: environment.clickHouseUrl === undefined,
    dataDir: environment.dataDir,
    fresh: options.fresh,
  });
  let run: Run | undefined;
  try {
    run = await connect(environment, options, servers, log, startedMs);
    await operate(run, stopped);
  } finally {
    await run?.simulator?.kill();
    await run?.admin.disconnect();
    await run?.client.close();
    await servers.stop();
  }
}

async function connect(
  environment: Environment,
  options: StartOptions,
  servers: EmbeddedServers,
  log: Logger,
  startedMs: number,
): Promise<Run> {
  const serversReadyMs = Date.now();
  const brokers = servers.kafkaBrokers ?? environment.kafkaBrokers!;
  const url = servers.clickHouseUrl ?? environment.clickHouseUrl!;
  const { clickHouseUser: user, clickHousePassword: password } = environment;
  // One connection each for the queries of status line, latency flush and report.
  const client = connectClickHouse({ url, user, password }, options.profile.insertsMax + 2);
  const kafka = kafkaConfig(brokers, "millrace", log);
  const [admin, pipelines] = await Promise.all([connectAdmin(kafka), choosePipelines(options), migrate(client)]);
  const plans = await buildPlans(client, pipelines);
  const topics = plans.flatMap((plan) => plan.topics);
  if (options.direct === undefined) await ensureTopics(admin, defaultTopics);
  await requireTopics(admin, topics);
  const begin = await readOffsets(admin, options.groupId, topics);
  const pipeline = createPipeline({
    plans,
    client,
    log,
    profile: options.profile,
    transcoder: options.transcoder,
    insertFormat: options.insertFormat,
    source: {
      kafka,
      topics,
      groupId: options.groupId,
      from: options.from,
      fetchBytesPerPartition: 4 * 1024 * 1024,
      fetchBytesMax: 16 * 1024 * 1024,
      fetchWaitMs: 100,
      sessionTimeoutMs: 30_000,
    },
  });
  const simulator = options.simulator ? startSimulatorChild(options, brokers) : undefined;
  return { options, servers, client, admin, log, plans, topics, begin, pipeline, simulator, startedMs, serversReadyMs };
}

async function requireTopics(admin: Admin, topics: string[]): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const absent = topics.filter((topic) => !existing.has(topic));
  if (absent.length === 0) return;
  throw new MillraceError("E_KAFKA", `Cannot read ${absent.join(", ")}: no such topic. Create it, or check the name.`);
}

async function operate(run: Run, stopped: Promise<string>): Promise<void> {
  const { pipeline, options, log } = run;
  const stopStatusLine = startStatusLine(run);
  const flushTimer = setInterval(() => void flushLatency(run), LATENCY_FLUSH_MS);
  try {
    await pipeline.start();
    await Promise.race([workIsDone(run), stopped, pipeline.failed]);
    // First the source of events, then the ingester: what was acknowledged can still be taken.
    await run.simulator?.finish();
    if (options.durationMs !== undefined) await Promise.race([untilEnd(run), stopped, pipeline.failed]);
  } finally {
    stopStatusLine();
    clearInterval(flushTimer);
  }
  let failure: unknown;
  await pipeline.drain().catch((error) => {
    failure = error;
  });
  await flushLatency(run);
  if (failure !== undefined) {
    log.error({ err: failure }, "stopped: nothing after the committed offsets is lost, start again once it is mended");
    throw failure;
  }
  const report = await makeReport(run);
  if (options.reportFile !== undefined) await writeFile(options.reportFile, `${JSON.stringify(report, null, 2)}\n`);
  printReport(report, pipeline, options.json);
  if ((report.missing ?? 0) > 0 || (report.duplicate ?? 0) > 0) {
    throw new MillraceError("E_INCOMPLETE", `${report.missing} records missing, ${report.duplicate} duplicated`);
  }
}

/** Resolves when the run's own limit is met: its duration, or the ends of the topics. Never without one. */
async function workIsDone(run: Run): Promise<void> {
  if (run.options.untilEnd) return untilEnd(run, run.begin);
  if (run.options.durationMs === undefined) return new Promise(() => {});
  if (run.simulator === undefined) await sleep(run.options.durationMs);
  else await run.simulator.ended;
}

/** Waits until the group has committed up to `ends` (default: the ends that the logs have now). */
async function untilEnd(run: Run, ends?: PartitionOffsets[]): Promise<void> {
  const { admin, options, topics } = run;
  const target = ends ?? (await readOffsets(admin, options.groupId, topics));
  while (!hasReached(await readOffsets(admin, options.groupId, topics), target)) await sleep(END_POLL_MS);
}

async function flushLatency({ client, pipeline, plans, log }: Run): Promise<void> {
  const labels = { instance: `${hostname()}:${process.pid}`, pipeline: plans[0]!.pipeline, tsMs: Date.now() };
  await storeLatency(client, pipeline.takeInterval(), labels).catch((error) =>
    log.warn({ err: error }, "latency histograms of the last 10 s were not stored"),
  );
}

export function totalLag(offsets: PartitionOffsets[]): number {
  return offsets.reduce((sum, partition) => sum + lagOf(partition), 0);
}
