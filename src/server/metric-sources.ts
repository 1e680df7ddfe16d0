import { performance } from "node:perf_hooks";
import type { Run } from "../run/run.ts";
import { SILENT_MS } from "../run/run-watch.ts";
import { byName, byPartition } from "../telemetry/bounded-samples.ts";
import type { CounterRow } from "../telemetry/counter-row.ts";
import { counterRows } from "../telemetry/counter-rows.ts";
import type { GcMeter } from "../telemetry/gc-meter.ts";
import type { BucketSample, MetricSource } from "../telemetry/metric-registry.ts";
import { metricOf, type Sample } from "../telemetry/metric-row.ts";
import { type GaugeName, gaugeRows } from "../telemetry/metric-rows.ts";
import { isDeno } from "../telemetry/runtime.ts";
import { bucketsOf } from "../telemetry/stage-buckets.ts";
import { stages } from "../telemetry/stages.ts";

/** Who is asked for the values. */
export interface MetricInput {
  /** Undefined until it has begun: most metrics have no values then. */
  run(): Run | undefined;
  isReady(): boolean;
  version: string;
  gc: Pick<GcMeter, "runs" | "seconds">;
}

type ValueName = Exclude<GaugeName, "stageLatency">;

/** All metrics of metric-rows.ts, each with the place where its value is looked up. */
export function metricSources(input: MetricInput): MetricSource[] {
  const ofRun = readersOfRun();
  const ofProcess = readersOfProcess(input);
  const valueNames = [...Object.keys(ofRun), ...Object.keys(ofProcess)] as ValueName[];
  const reader = (name: ValueName): (() => Iterable<Sample>) => {
    if (name in ofProcess) return ofProcess[name as keyof typeof ofProcess];
    return () => whenRunning(input, ofRun[name as keyof typeof ofRun]);
  };
  return [
    ...valueNames.map((name) => ({ row: gaugeRows[name], read: reader(name) })),
    { row: gaugeRows.stageLatency, read: () => whenRunning(input, stageBuckets) },
    ...(counterRows as readonly CounterRow[]).flatMap((counter): MetricSource[] => {
      const row = metricOf(counter);
      return row === undefined ? [] : [{ row, read: () => whenRunning(input, (run) => countsOf(run, counter)) }];
    }),
  ];
}

function whenRunning<S>({ run }: MetricInput, read: (run: Run) => Iterable<S>): Iterable<S> {
  const running = run();
  return running === undefined ? [] : read(running);
}

function countsOf({ pipeline }: Run, { name }: CounterRow): Sample[] {
  const counted = (pipeline.counters as unknown as Record<string, number | Record<string, number>>)[name]!;
  return typeof counted === "number" ? [[counted]] : byName(counted);
}

function stageBuckets({ pipeline }: Run): BucketSample[] {
  return stages.map((stage) => [bucketsOf(pipeline.total.cell(stage, "").histogram), stage]);
}

type ProcessName = "buildInfo" | "ready" | "eventLoop" | "gcSeconds" | "gcRuns" | "rss" | "cpu" | "startTime";

function readersOfProcess({ isReady, version, gc }: MetricInput): Record<ProcessName, () => Iterable<Sample>> {
  const runtime = isDeno ? "deno" : "node";
  return {
    buildInfo: () => [[1, version, runtime, process.versions[runtime as "node"] ?? ""]],
    ready: () => [[Number(isReady())]],
    eventLoop() {
      const { idle, active } = performance.eventLoopUtilization();
      // Deno 2 has the function, and answers zeros.
      return idle + active > 0 ? [[active / 1000]] : [];
    },
    gcSeconds: () => byName(gc.seconds),
    gcRuns: () => byName(gc.runs),
    rss: () => [[process.memoryUsage.rss()]],
    cpu() {
      const { user, system } = process.cpuUsage();
      return [[(user + system) / 1e6]];
    },
    startTime: () => [[Math.round(Date.now() / 1000 - process.uptime())]],
  };
}

function readersOfRun(): Record<Exclude<ValueName, ProcessName>, (run: Run) => Iterable<Sample>> {
  return {
    profileInfo: ({ options }) => {
      const { name, workers, insertsMax } = options.profile;
      const texts = [name, options.vcpus, workers, insertsMax, options.insertFormat, options.transcoder].map(String);
      return [[1, ...texts]];
    },
    guarantee: (run) => {
      const guarantee = run.guarantee();
      return guarantee === undefined ? [] : [[Number(guarantee === "exactly-once")]];
    },
    skewed: ({ pipeline }) => stages.map((stage): Sample => [pipeline.total.cell(stage, "").skewed, stage]),
    ...partitionReaders,
    assigned: ({ pipeline }) => [[pipeline.standing().partitions ?? 0]],
    stopped: ({ pipeline }) => [[pipeline.stopped().length]],
    stalled: ({ pipeline }) => [[pipeline.standing().stalled.length]],
    budgetUsed: ({ pipeline }) => [[pipeline.budget.usedBytes]],
    budgetLimit: ({ pipeline }) => [[pipeline.budget.limitBytes]],
    paused: ({ pipeline }) => [[Number(pipeline.budget.paused)]],
    bundlesUnderWay: ({ pipeline }) => [[pipeline.standing().bundlesUnderWay]],
    workers: ({ pipeline }) => [[pipeline.workers.count]],
    workerQueue: ({ pipeline }) => [[pipeline.workers.queued]],
    workerBusy: ({ pipeline }) => [[pipeline.workers.busyMs / 1000]],
    reconciliationChecks: ({ reconciliation: { figures } }) => [
      [figures.checks, "made"],
      [figures.failures, "failed"],
    ],
    reconciliationMissing: ({ reconciliation }) => [[reconciliation.figures.missing]],
    reconciliationDuplicate: ({ reconciliation }) => [[reconciliation.figures.duplicate]],
    reconciliationOffsets: ({ reconciliation }) => [[reconciliation.figures.checkedOffsets]],
    reconciliationAge: ({ reconciliation: { figures } }) =>
      figures.checkedToMs === undefined ? [] : [[Math.max(0, Date.now() - figures.checkedToMs) / 1000]],
  };
}

const partitionReaders = {
  lag: ({ watch }: Run) =>
    byPartition(
      (watch.partitions(SILENT_MS) ?? []).map(({ topic, partition, lag }) => ({ topic, partition, value: lag })),
      (a, b) => a + b,
    ),
  oldestUnread: ({ watch }: Run) =>
    byPartition(
      (watch.partitions(SILENT_MS) ?? []).map(({ topic, partition, oldestUnreadMs: ms }) => ({
        ...{ topic, partition },
        value: ms === undefined ? undefined : ms / 1000,
      })),
      Math.max,
    ),
};
