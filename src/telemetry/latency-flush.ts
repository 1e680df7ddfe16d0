import { encodeIntoCompressedBase64 } from "hdr-histogram-js";
import { ownDatabase } from "../config/own-database.ts";
import type { Origin } from "../core/origin.ts";
import type { Cohorts } from "./cohorts.ts";
import type { Flush } from "./flush-store.ts";
import { eachValue } from "./histogram-values.ts";
import { type StageCounts, type StageTable, summarise } from "./stages.ts";

export const latencyTable = `${ownDatabase}.millrace_latency`;
export const cohortsTable = `${ownDatabase}.millrace_cohorts_1m`;

/** Whose figures they are: the same in all rows of a process. */
export interface FlushLabels {
  instance: string;
  origin: Origin;
  profile: string;
  vcpus: number;
}

/**
 * One row per pipeline, stage and group: the quantiles for people, the buckets for ClickHouse and the HDR V2 payload for
 * other programs, so that any window and any set of instances can be merged afterwards without averaging quantiles.
 *
 * @param tables of a span that ends at `tsMs`, by pipeline
 */
export function latencyFlush(tables: ReadonlyMap<string, StageTable>, labels: FlushLabels, tsMs: number): Flush {
  const { instance, profile, vcpus } = labels;
  const values = [...tables].flatMap(([pipeline, table]) =>
    [...table.entries()].map(({ stage, group, counts }) => ({
      ...{ ts: timeText(tsMs), instance, pipeline, ...originOf(labels), profile, vcpus, stage, group },
      ...columnsOf(counts),
    })),
  );
  return { table: latencyTable, token: `latency:${instance}:${tsMs}`, values };
}

/** One row per pipeline, clock, minute and service. */
export function cohortsFlush(cohorts: ReadonlyMap<string, Cohorts>, labels: FlushLabels, tsMs: number): Flush {
  const values = [...cohorts].flatMap(([pipeline, { all }]) =>
    [...all].map(({ clock, service, bucketMs, stored, stored10s, stored1m, stored5m, newestMs }) => ({
      ...{ bucket: Math.floor(bucketMs / 1_000), clock, pipeline, service, ...originOf(labels) },
      ...{ stored_cnt: stored, stored_10s_cnt: stored10s, stored_1m_cnt: stored1m, stored_5m_cnt: stored5m },
      newest_ts: timeText(newestMs),
    })),
  );
  return { table: cohortsTable, token: `cohorts:${labels.instance}:${tsMs}`, values };
}

function originOf({ origin }: FlushLabels) {
  return { kafka_cluster: origin.cluster, kafka_group: origin.group };
}

/** As text: of a number with a point ClickHouse reads seconds, of one without milliseconds. */
function timeText(ms: number): string {
  return new Date(ms).toISOString().replace("T", " ").replace("Z", "");
}

function columnsOf(stageCounts: StageCounts) {
  const { p50, p90, p95, p99, max, count, skewed } = summarise(stageCounts);
  const [bounds, counts]: [number[], number[]] = [[], []];
  eachValue(stageCounts.histogram, (bound, records) => {
    bounds.push(bound);
    counts.push(records);
  });
  const histogram = encodeIntoCompressedBase64(stageCounts.histogram);
  return { count, skewed, p50, p90, p95, p99, max, histogram, bounds, counts };
}
