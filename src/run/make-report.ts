import { within } from "../core/within.ts";
import type { LeftOver } from "../ingest/pipeline/left-over.ts";
import { reportedCounts } from "../telemetry/counters.ts";
import { readProcessUsage } from "../telemetry/process-usage.ts";
import { runtimeText } from "../telemetry/runtime.ts";
import { compareRun, missingBefore } from "./compare-run.ts";
import { latencyOf, type RunReport, usageByProcess } from "./report.ts";
import type { Run } from "./run.ts";
import { untilReachable } from "./until-reachable.ts";

/**
 * Compares Kafka with ClickHouse and gathers the figures of a drained run. When a server does not answer in what is left
 * of the time to stop, the report has what this process knows by itself.
 *
 * @throws what the servers answer, when it is not that they are away.
 */
export async function makeReport(run: Run, left: LeftOver): Promise<RunReport> {
  const { options, pipeline, log, shutdown } = run;
  const { counters } = pipeline;
  const comparing = untilReachable("a server", log, shutdown.over, () => compareRun(run)).catch((error) => {
    if (shutdown.over.aborted) return undefined;
    throw error;
  });
  const compared = await within(shutdown.requestsMs, comparing);
  if (compared === undefined) log.warn("Kafka and ClickHouse are not compared: one of them did not answer in time");
  const before = compared && missingBefore(compared, run.origin.group);
  if (before !== undefined) log.warn(before);
  const ofRun = compared?.ofRun.balance;
  // Rows that cannot be counted in their table count as they were acknowledged.
  const counted = compared?.ofRun.isPartial === true ? undefined : ofRun;
  const usages = new Map([["ingester", (await readProcessUsage(process.pid)) ?? { cpuSeconds: 0, rssMiBMax: 0 }]]);
  const children = [...run.servers.children, ...(run.simulator === undefined ? [] : [run.simulator.child])];
  for (const child of children) usages.set(child.name, await child.usage());
  return {
    profile: options.profile.name,
    vcpus: options.vcpus,
    runtime: runtimeText(),
    transcoder: options.transcoder,
    insertFormat: options.insertFormat,
    durationMs: Math.round(performance.now() - run.startedMs),
    produced: producedHere(run),
    stored: counted?.stored ?? counters.stored,
    dead: counted?.dead ?? counters.dead,
    missing: ofRun?.missing ?? null,
    duplicate: ofRun?.duplicate ?? null,
    uncountable: compared?.ofRun.uncountable ?? [],
    backlog: compared?.backlog ?? null,
    left,
    stopped: pipeline.stopped(),
    reconciliation: run.reconciliation.figures,
    totals: compared?.totals ?? null,
    deadByType: counters.deadByType,
    fields: pipeline.fields(),
    counts: reportedCounts(counters),
    timeToFirstRowMs: counters.firstRowMs === undefined ? null : Math.round(counters.firstRowMs - run.serversReadyMs),
    latencyMs: latencyOf(pipeline.total),
    ...usageByProcess(usages),
    peakBudgetBytes: pipeline.budget.peakBytes,
    eventLoopUtilisation: pipeline.eventLoop.utilisation,
  };
}

function producedHere({ simulator, topics }: Run): number | null {
  const partitions = simulator?.report()?.partitions;
  if (partitions === undefined) return null;
  return partitions.filter(({ topic }) => topics.includes(topic)).reduce((sum, { count }) => sum + count, 0);
}
