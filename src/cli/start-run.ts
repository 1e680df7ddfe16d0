import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { classifyKafkaError } from "../clients/kafka/classify-error.ts";
import { hasReached, lagOf, type PartitionOffsets, readOffsets } from "../clients/kafka/offsets.ts";
import type { Environment } from "../config/environment.ts";
import type { StartOptions } from "../config/start-options.ts";
import { MillraceError } from "../core/errors.ts";
import { within } from "../core/within.ts";
import type { LeftOver } from "../ingest/pipeline/left-over.ts";
import type { PipelineHooks } from "../ingest/pipeline/pipeline-types.ts";
import { embeddedServersOf } from "../run/addresses.ts";
import { tellBacklog } from "../run/backlog.ts";
import { connectRun, type Run } from "../run/connect-run.ts";
import { type EmbeddedServers, launchServers } from "../run/embedded-servers.ts";
import { machineBytes, memoryWarning } from "../run/memory.ts";
import { relaxCollectionOfBuffers } from "../run/relax-collection.ts";
import type { RunReport } from "../run/report.ts";
import { Shutdown, Stopped } from "../run/shutdown.ts";
import { storeLatency } from "../telemetry/latency-store.ts";
import { createLog } from "../telemetry/log.ts";
import { sayWhereServersAre } from "./server-addresses.ts";
import { untilStopped } from "./signals.ts";
import { makeReport, printReport } from "./start-report.ts";
import { startStartingLine, startStatusLine } from "./status-line.ts";

const LATENCY_FLUSH_MS = 10_000;
const END_POLL_MS = 100;

/**
 * Runs the pipeline until a signal, the duration's or the topics' end; then drains, reports and stops the servers, within
 * `--drain-timeout`. Asked to stop before it runs, it returns.
 *
 * @throws MillraceError when the set-up is wrong, the pipeline met an error that no retry can help, or something was left.
 */
export async function runStart(environment: Environment, options: StartOptions, hooks?: PipelineHooks): Promise<void> {
  const startedMs = performance.now();
  relaxCollectionOfBuffers();
  const shutdown = new Shutdown(untilStopped({ onParentGone: environment.startedByNpm }), options.drainTimeoutMs);
  const log = createLog(environment.logLevel);
  void shutdown.asked.then((reason) => log.info(stoppingText(reason, options)));
  const endStartingLine = startStartingLine(options, startedMs);
  log.info(options.profile.origin);
  const shortage = memoryWarning(machineBytes(), options.profile.bytesMax);
  if (shortage !== undefined && embeddedServersOf(environment).clickHouse) log.warn(shortage);
  let servers: EmbeddedServers | undefined;
  let run: Run | undefined;
  try {
    servers = await launchServers({
      ...embeddedServersOf(environment),
      dataDir: environment.dataDir,
      fresh: options.fresh,
      signal: shutdown.stopping,
    });
    sayWhereServersAre(servers, environment.dataDir, options.json, log);
    run = await connectRun(environment, options, servers, log, shutdown, startedMs, hooks);
    endStartingLine();
    await operate(run);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    log.info(`${error.message}: nothing was taken`);
  } finally {
    endStartingLine();
    shutdown.begin();
    if (run !== undefined) await within(shutdown.requestsMs, close(run));
    await servers?.stop(shutdown.restMs);
  }
}

function stoppingText(reason: string, { drainTimeoutMs }: StartOptions): string {
  const again = reason.startsWith("SIG") ? "; a second signal does not wait" : "";
  return `${reason}: what was taken is stored and committed, for ${drainTimeoutMs / 1000} s at most${again}`;
}

async function close(run: Run): Promise<void> {
  await run.simulator?.finish(0);
  await run.reconciliation.stop();
  await run.deadLetterTopic?.stop();
  await run.admin.disconnect();
  await run.client.close();
}

async function operate(run: Run): Promise<void> {
  const { pipeline, options, log, shutdown } = run;
  const stopStatusLine = startStatusLine(run);
  const flushTimer = setInterval(() => void flushLatency(run), LATENCY_FLUSH_MS);
  let stopTelling = () => {};
  try {
    const joined = pipeline.start();
    stopTelling = tellBacklog(run, joined);
    const running = joined.then(() => workIsDone(run));
    await Promise.race([running, shutdown.asked, pipeline.failed]);
    // First the source of events, then the ingester: what was acknowledged can still be taken.
    await run.simulator?.finish(shutdown.drainMs / 2);
    if (options.durationMs !== undefined) await Promise.race([untilEnd(run), shutdown.asked, pipeline.failed]);
  } finally {
    stopStatusLine();
    stopTelling();
    clearInterval(flushTimer);
  }
  shutdown.begin();
  let left: LeftOver;
  try {
    left = await pipeline.drain({ finishMs: shutdown.drainMs, leaveMs: shutdown.leaveMs });
  } catch (error) {
    await within(shutdown.requestsMs, flushLatency(run));
    log.error({ err: error }, "stopped: nothing after the committed offsets is lost, start again once it is mended");
    throw error;
  }
  await within(shutdown.requestsMs, flushLatency(run));
  const report = await makeReport(run, left);
  if (options.reportFile !== undefined) await writeFile(options.reportFile, `${JSON.stringify(report, null, 2)}\n`);
  printReport(report, run);
  judge(report, run);
}

/** @throws MillraceError E_INCOMPLETE when the run's end is not what it should be. */
function judge({ missing, duplicate, stopped, left, backlog }: RunReport, { shutdown }: Run): void {
  if ((missing ?? 0) > 0 || (duplicate ?? 0) > 0) {
    throw new MillraceError("E_INCOMPLETE", `${missing} records missing, ${duplicate} duplicated`);
  }
  if (stopped.length > 0) {
    const names = stopped.map(({ pipeline, reason }) => `Pipeline ${pipeline} was stopped: ${reason}`);
    throw new MillraceError("E_INCOMPLETE", names.join("\n"));
  }
  if (left.ranges > 0) {
    throw new MillraceError(
      "E_INCOMPLETE",
      `Not finished within the ${shutdown.timeoutMs / 1000} s of --drain-timeout: ${left.ranges} ranges, ` +
        `${left.records} records of ${left.partitions.join(", ")}. Their offsets are not committed: the next start reads ` +
        "them again, and what of them is stored by now is not doubled",
    );
  }
  // A run that ends by itself is asked for the proof. Who stops one while a server is away knows that there is none.
  if (backlog === null && shutdown.reason === undefined) {
    throw new MillraceError("E_INCOMPLETE", "The run has ended, but Kafka and ClickHouse could not be compared");
  }
}

/** Resolves when the run's own limit is met: its duration, or the ends of the topics. Never without one. */
async function workIsDone(run: Run): Promise<void> {
  if (run.options.untilEnd) return untilEnd(run, run.begin);
  if (run.options.durationMs === undefined) return new Promise(() => {});
  if (run.simulator === undefined) await sleep(run.options.durationMs);
  else await run.simulator.ended;
}

/** Waits until the group has committed up to `ends` (default: the ends that the logs have now), or the run is to stop. */
async function untilEnd(run: Run, ends?: PartitionOffsets[]): Promise<void> {
  const { stopping } = run.shutdown;
  let target = ends;
  while (!stopping.aborted) {
    const now = await offsetsNow(run);
    target ??= now;
    // A pipeline that is stopped does not come to its end.
    const counted = target?.filter(({ topic }) => !run.pipeline.stopped().some(({ topics }) => topics.includes(topic)));
    if (now !== undefined && counted !== undefined && hasReached(now, counted)) return;
    await sleep(END_POLL_MS);
  }
}

/** Undefined while Kafka is away: the run has not come to its end by that. */
async function offsetsNow({ admin, options, topics }: Run): Promise<PartitionOffsets[] | undefined> {
  return readOffsets(admin, options.groupId, topics).catch((error) => {
    if (classifyKafkaError(error).class === "fatal") throw error;
    return undefined;
  });
}

async function flushLatency({ client, pipeline, plans, origin, log }: Run): Promise<void> {
  const labels = { instance: `${hostname()}:${process.pid}`, pipeline: plans[0]!.pipeline, origin, tsMs: Date.now() };
  await storeLatency(client, pipeline.takeInterval(), labels).catch((error) =>
    log.warn({ err: error }, "latency histograms of the last 10 s were not stored"),
  );
}

export function totalLag(offsets: PartitionOffsets[]): number {
  return offsets.reduce((sum, partition) => sum + lagOf(partition), 0);
}
