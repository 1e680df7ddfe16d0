import type { ClickHouseClient } from "@clickhouse/client";
import { decodeFromCompressedBase64 } from "hdr-histogram-js";
import { queryRows } from "../clients/clickhouse/query-rows.ts";
import { type LatencyDimension, latencyDimensions } from "../config/options/latency-rows.ts";
import { latencyTable } from "./latency-flush.ts";
import { newHistogram, type Stage, type StageCounts, StageTable, stages } from "./stages.ts";

const columnOf = {
  service: "`group`",
  pipeline: "pipeline",
  profile: "profile",
  vcpus: "vcpus",
  instance: "instance",
  kafka_cluster: "kafka_cluster",
  kafka_group: "kafka_group",
} as const satisfies Record<LatencyDimension, string>;

/** The window, by how long ago it began and ended. */
export interface LatencyWindow {
  sinceMs: number;
  untilMs: number;
}

export interface LatencyEntry {
  stage: Stage;
  /** The dimensions that were asked for. Of `service`, "" is all records. */
  of: Partial<Record<LatencyDimension, string>>;
  counts: StageCounts;
}

interface MergedRow {
  stage: Stage;
  of: string[];
  skewed: string;
  bounds: number[];
  counts: string[];
  /** Of rows that have no buckets: instances before migration 0013. */
  histograms: string[];
}

/** The stored latency of a window, merged by what `by` names, in the order of the stages. */
export async function loadLatency(
  client: ClickHouseClient,
  { sinceMs, untilMs }: LatencyWindow,
  by: readonly LatencyDimension[],
): Promise<LatencyEntry[]> {
  const dimensions = latencyDimensions.filter((dimension) => by.includes(dimension));
  const columns = dimensions.map((dimension) => `toString(l.${columnOf[dimension]})`);
  const rows = await queryRows<MergedRow>(
    client,
    `SELECT l.stage AS stage, [${columns.join(", ")}]::Array(String) AS of, sum(l.skewed) AS skewed,
        sumMap(l.bounds, l.counts) AS merged, merged.1 AS bounds, merged.2 AS counts,
        groupArrayIf(l.histogram, empty(l.bounds)) AS histograms
      FROM ${latencyTable} AS l
      WHERE l.ts >= now64(3) - toIntervalMillisecond({sinceMs:UInt64})
        AND l.ts < now64(3) - toIntervalMillisecond({untilMs:UInt64})
        AND (l.\`group\` = '' OR {withServices:Bool})
      GROUP BY stage, of ORDER BY of, indexOf({stages:Array(String)}, stage)`,
    { sinceMs, untilMs, stages, withServices: dimensions.includes("service") },
  );
  return rows.map(({ stage, of, ...merged }) => ({
    stage,
    of: Object.fromEntries(dimensions.map((dimension, index) => [dimension, of[index]!])),
    counts: countsOf(merged),
  }));
}

function countsOf({ skewed, bounds, counts, histograms }: Omit<MergedRow, "stage" | "of">): StageCounts {
  const histogram = newHistogram(64);
  for (const [index, bound] of bounds.entries()) histogram.recordValueWithCount(bound, Number(counts[index]));
  for (const encoded of histograms)
    histogram.add(decodeFromCompressedBase64(encoded, 64, false) as ReturnType<typeof newHistogram>);
  return { histogram, skewed: Number(skewed) };
}

/** The stages of all records of a window. */
export async function loadStages(client: ClickHouseClient, sinceMs: number): Promise<StageTable> {
  const table = new StageTable();
  for (const { stage, counts } of await loadLatency(client, { sinceMs, untilMs: 0 }, [])) table.put(stage, "", counts);
  return table;
}

/** When the newest row was written, ms since 1970; undefined: there is none. */
export async function newestLatencyMs(client: ClickHouseClient): Promise<number | undefined> {
  const rows = await queryRows<{ ms: string }>(
    client,
    `SELECT toUnixTimestamp64Milli(max(ts)) AS ms FROM ${latencyTable} HAVING count() > 0`,
  );
  return rows[0] === undefined ? undefined : Number(rows[0].ms);
}
