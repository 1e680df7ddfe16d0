import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Environment } from "../config/environment.ts";
import type { StartOptions } from "../config/start-options.ts";
import { MillraceError } from "../core/errors.ts";
import { launchServers } from "../embedded/launch.ts";
import type { PipelineHooks } from "../pipeline/pipeline-types.ts";
import { hasReached, lagOf, type PartitionOffsets, readOffsets } from "../source/offsets.ts";
import { storeLatency } from "../telemetry/latency-store.ts";
import { createLog } from "../telemetry/log.ts";
import { embeddedServersOf } from "./addresses.ts";
import { relaxCollectionOfBuffers } from "./collector.ts";
import { untilReachable } from "./patience.ts";
import { sayWhereServersAre } from "./server-addresses.ts";
import { untilStopped } from "./signals.ts";
import { connectRun, type Run } from "./start-connect.ts";
import { makeReport, printReport } from "./start-report.ts";
import { startStartingLine, startStatusLine } from "./status-line.ts";

const LATENCY_FLUSH_MS = 10_000;
const END_POLL_MS = 100;

/**
 * Runs the pipeline until a signal, the duration's or the topics' end; then drains, reports and stops the servers.
 *
 * @throws MillraceError when the set-up is wrong, or the pipeline met an error that no retry can help.
 */
export async function runStart(environment: Environment, options: StartOptions, hooks?: PipelineHooks): Promise<void> {
  const startedMs = Date.now();
  relaxCollectionOfBuffers();
  const stopped = untilStopped({ onParentGone: environment.startedByNpm });
  const log = createLog(environment.logLevel);
  const endStartingLine = startStartingLine(options, startedMs);
  log.info(options.profile.origin);
  const servers = await launchServers({
    ...embeddedServersOf(environment),
    dataDir: environment.dataDir,
    fresh: options.fresh,
  }).finally(endStartingLine);
  sayWhereServersAre(servers, environment.dataDir, options.json, log);
  let run: Run | undefined;
  try {
    run = await connectRun(environment, options, servers, log, startedMs, hooks);
    await operate(run, stopped);
  } finally {
    await run?.simulator?.kill();
    await run?.reconciliation.stop();
    await run?.deadLetterTopic?.stop();
    await run?.admin.disconnect();
    await run?.client.close();
    await servers.stop();
  }
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
  const report = await untilReachable("a server", log, () => makeReport(run));
  if (options.reportFile !== undefined) await writeFile(options.reportFile, `${JSON.stringify(report, null, 2)}\n`);
  printReport(report, run);
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
