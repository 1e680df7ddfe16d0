import type { PartitionOffsets } from "../clients/kafka/offsets.ts";
import { readOffsets } from "../clients/kafka/offsets.ts";
import { partitionKey } from "../core/raw-batch.ts";
import { within } from "../core/within.ts";
import type { LeftOver } from "../ingest/pipeline/left-over.ts";
import { type Account, type Accounting, account, type OffsetRange } from "../operate/reconcile/accounting.ts";
import type { Run } from "../run/connect-run.ts";
import { latencyOf, type RunReport, usageByProcess } from "../run/report.ts";
import { untilReachable } from "../run/until-reachable.ts";
import { reportedCounts } from "../telemetry/counters.ts";
import { latencyLines } from "../telemetry/latency-store.ts";
import { readProcessUsage } from "../telemetry/process-usage.ts";
import { reportText } from "./report-text.ts";
import { totalLag } from "./start-run.ts";
import { hasTerminal } from "./terminal.ts";

interface Comparison {
  backlog: number;
  ofRun: Account;
  totals: Accounting | undefined;
}

/** Asks Kafka and ClickHouse how the run's offsets have ended. */
async function compare(run: Run): Promise<Comparison> {
  const { client, pipeline, admin, origin } = run;
  // The table of one that is stopped may be gone.
  const stopped = new Set(pipeline.stopped().map((each) => each.pipeline));
  const plans = run.plans.filter((plan) => !stopped.has(plan.pipeline));
  const now = await readOffsets(admin, origin.group, run.topics);
  const ofRun = await account(client, plans, rangesOfRun(run, now), { origin });
  const everything = now.map((offsets) => ({ ...offsets, first: offsets.logStart, end: endOf(offsets) }));
  return { backlog: totalLag(now), ofRun, totals: (await account(client, plans, everything, { origin })).balance };
}

/**
 * Compares Kafka with ClickHouse and gathers the figures of a drained run. When a server does not answer in what is left
 * of the time to stop, the report has what this process knows by itself.
 *
 * @throws what the servers answer, when it is not that they are away.
 */
export async function makeReport(run: Run, left: LeftOver): Promise<RunReport> {
  const { options, pipeline, log, shutdown } = run;
  const { counters } = pipeline;
  const comparing = untilReachable("a server", log, shutdown.over, () => compare(run)).catch((error) => {
    if (shutdown.over.aborted) return undefined;
    throw error;
  });
  const compared = await within(shutdown.requestsMs, comparing);
  if (compared === undefined) log.warn("Kafka and ClickHouse are not compared: one of them did not answer in time");
  const ofRun = compared?.ofRun.balance;
  // Rows that cannot be counted in their table count as they were acknowledged.
  const counted = compared?.ofRun.isPartial === true ? undefined : ofRun;
  const usages = new Map([["ingester", (await readProcessUsage(process.pid)) ?? { cpuSeconds: 0, rssMiBMax: 0 }]]);
  const children = [...run.servers.children, ...(run.simulator === undefined ? [] : [run.simulator.child])];
  for (const child of children) usages.set(child.name, await child.usage());
  return {
    profile: options.profile.name,
    vcpus: options.vcpus,
    runtime: "Deno" in globalThis ? `deno ${process.versions.deno}` : `node ${process.versions.node}`,
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

/** Up to here rows must be there: what lies behind was left for the next run. */
function endOf({ logStart, committed }: PartitionOffsets): number {
  return Math.max(logStart, committed ?? logStart);
}

/**
 * The offsets that this run had to store: from where the group stood at its start to where it stands now. When the run
 * waited for the end, at least to what the broker acknowledged to the simulator: a broker that lost it would show here.
 */
function rangesOfRun(run: Run, now: PartitionOffsets[]): OffsetRange[] {
  const begin = new Map(run.begin.map((offsets) => [partitionKey(offsets.topic, offsets.partition), endOf(offsets)]));
  const acknowledged = new Map(
    (run.options.durationMs === undefined ? [] : (run.simulator?.report()?.partitions ?? [])).map(
      ({ topic, partition, lastOffset }) => [partitionKey(topic, partition), lastOffset + 1],
    ),
  );
  const waitedForEnd = totalLag(now) === 0;
  return now.map((offsets) => {
    const key = partitionKey(offsets.topic, offsets.partition);
    const end = waitedForEnd ? Math.max(endOf(offsets), acknowledged.get(key) ?? 0) : endOf(offsets);
    return { topic: offsets.topic, partition: offsets.partition, first: begin.get(key) ?? offsets.logStart, end };
  });
}

function producedHere({ simulator, topics }: Run): number | null {
  const partitions = simulator?.report()?.partitions;
  if (partitions === undefined) return null;
  return partitions.filter(({ topic }) => topics.includes(topic)).reduce((sum, { count }) => sum + count, 0);
}

/**
 * Prints the report: JSON for programs, tables for people. Where nobody sees a terminal it is a line of the log: a
 * container's output is of one kind.
 */
export function printReport(report: RunReport, { pipeline, options, log }: Run): void {
  if (options.json) {
    console.log(JSON.stringify(report));
    return;
  }
  if (!hasTerminal()) {
    log.info({ report }, "report");
    return;
  }
  console.log(reportText(report, latencyLines(pipeline.total)));
}
