import type { Logger } from "pino";
import type { StartOptions } from "../config/start-options.ts";
import { within } from "../core/within.ts";
import { bundleIdOf } from "../ingest/commit/bundle-id.ts";
import type { StoredObserver } from "../ingest/pipeline/pipeline-types.ts";
import type { TablePlan } from "../schema/plan.ts";
import { BatchLog } from "../telemetry/batch-log.ts";
import { instanceName } from "./instance-name.ts";
import type { RunEnd } from "./run-face.ts";

/** A disk that hangs holds up the end for no longer. */
const CLOSE_MS_MAX = 5_000;

/** What a run says in the file of `--batch-log` (docs/report.md). */
export interface RunBatchLog {
  started(plans: readonly TablePlan[]): void;
  stored: StoredObserver;
  /** The last line. @param end the run's, or the error that ended it */
  ended(end: RunEnd | { error: unknown }): Promise<void>;
}

/** Undefined without `--batch-log`: then nothing is made of a bundle. */
export function openBatchLog(
  { batchLogFile, groupId, profile, vcpus }: StartOptions,
  log: Logger,
): RunBatchLog | undefined {
  if (batchLogFile === undefined) return undefined;
  const file = new BatchLog(batchLogFile, log);
  return {
    started(plans) {
      const streams = plans.map(({ pipeline, table, topics }) => ({ stream: pipeline, table, topics }));
      file.note({ event: "started", instance: instanceName, group: groupId, profile: profile.name, vcpus, streams });
    },
    stored({ pipeline, table }, bundle, stored) {
      const receivedMs = Math.min(...stored.batches.map((batch) => batch.receivedMs));
      const dead = stored.deadLetters.rowCount;
      file.note({
        ...{ event: "progress", stream: pipeline, table, batch_id: bundleIdOf(bundle.ranges, bundle.judgedMs) },
        ...{ partitions: bundle.ranges.length, rows: stored.rowCount, dead, bytes: bundle.byteLength },
        empty: stored.rowCount + dead === 0,
        // From the first record's receiving: waiting for the cut and a worker, transform, waiting for a place, write.
        duration_ms: {
          queue: stored.startedMs - receivedMs,
          transform: stored.endedMs - stored.startedMs,
          wait: stored.insertSentMs - stored.endedMs,
          write: stored.acknowledgedMs - stored.insertSentMs,
          total: stored.acknowledgedMs - receivedMs,
        },
      });
    },
    async ended(end) {
      file.note({ event: "ended", instance: instanceName, ...endOf(end) });
      await within(CLOSE_MS_MAX, file.close());
    },
  };
}

function endOf(end: RunEnd | { error: unknown }): Record<string, unknown> {
  if ("error" in end) return { error: textOf(end.error) };
  if (end.kind === "not begun") return { error: null };
  const { stored, dead, stopped } = end.report;
  return { error: end.fault === undefined ? null : textOf(end.fault), rows: stored, dead, stopped };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
