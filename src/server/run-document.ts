import { totalLag } from "../clients/kafka/offsets.ts";
import { redact } from "../core/redact.ts";
import type { Run } from "../run/run.ts";
import { type PartitionLag, SILENT_MS } from "../run/run-watch.ts";
import { stages, summarise } from "../telemetry/stages.ts";
import type { RunDocument } from "./status-schema.ts";

/** A document of more is of no use to a person, and costs a megabyte. */
const PARTITIONS_SHOWN_MAX = 1_000;

/** How a run stands at this moment. */
export function runDocument(run: Run, nowMs = Date.now()): RunDocument {
  const { options, pipeline, watch, simulator, topics, startedMs } = run;
  const { counters, total, budget } = pipeline;
  const { partitions, bundlesUnderWay, stalled } = pipeline.standing();
  const { name, workers, insertsMax, origin } = options.profile;
  return {
    profile: { name, vcpus: options.vcpus, workers, insertsMax, origin },
    transcoder: options.transcoder,
    insertFormat: options.insertFormat,
    group: options.groupId,
    topics,
    guarantee: run.guarantee() ?? null,
    seconds: secondsOf(performance.now() - startedMs),
    stored: counters.stored,
    storedPerSecond: watch.storedPerSecond,
    dead: counters.dead,
    produced: simulator?.produced() ?? null,
    deadByType: counters.deadByType,
    unread: counters.unread,
    lag: lagDocument(watch.partitions(SILENT_MS)),
    latencyMs: Object.fromEntries(
      stages.map((stage) => {
        const { count, p50, p95, p99, max } = summarise(total.cell(stage, ""));
        return [stage, { count, p50, p95, p99, max }];
      }),
    ),
    budget: {
      ...{ usedBytes: budget.usedBytes, limitBytes: budget.limitBytes, peakBytes: budget.peakBytes },
      isPaused: budget.paused,
    },
    assignedPartitions: partitions ?? null,
    bundlesUnderWay,
    stoppedPipelines: pipeline.stopped(),
    stalledTables: stalled.map(({ table, sinceMs, reason }) => ({
      ...{ table, seconds: secondsOf(nowMs - sinceMs), reason: redact(reason) },
    })),
    reconciliation: reconciliationDocument(run, nowMs),
  };
}

function lagDocument(partitions: PartitionLag[] | undefined): RunDocument["lag"] {
  if (partitions === undefined) return null;
  const ages = partitions.map(({ oldestUnreadMs }) => oldestUnreadMs).filter((age) => age !== undefined);
  return {
    records: totalLag(partitions),
    oldestUnreadSeconds: ages.length === 0 ? null : secondsOf(ages.reduce((oldest, age) => Math.max(oldest, age), 0)),
    partitions: partitions
      .toSorted((a, b) => b.lag - a.lag)
      .slice(0, PARTITIONS_SHOWN_MAX)
      .map(({ topic, partition, committed, logEnd, lag, oldestUnreadMs }) => ({
        ...{ topic, partition, committed: committed ?? null, logEnd, lag },
        oldestUnreadSeconds: oldestUnreadMs === undefined ? null : secondsOf(oldestUnreadMs),
      })),
  };
}

function reconciliationDocument({ reconciliation }: Run, nowMs: number): RunDocument["reconciliation"] {
  const { checks, failures, missing, duplicate, checkedOffsets, checkedToMs } = reconciliation.figures;
  const ageSeconds = checkedToMs === undefined ? null : secondsOf(nowMs - checkedToMs);
  return { checks, failures, missing, duplicate, checkedOffsets, ageSeconds };
}

function secondsOf(ms: number): number {
  return Math.max(0, Math.round(ms / 100) / 10);
}
