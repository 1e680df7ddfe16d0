import type { ClickHouseClient } from "@clickhouse/client";
import { decodeFromCompressedBase64, encodeIntoCompressedBase64 } from "hdr-histogram-js";
import { queryRows } from "../clients/clickhouse/query-rows.ts";
import { ownDatabase } from "../config/own-database.ts";
import type { Origin } from "../core/origin.ts";
import { type newHistogram, type Stage, type StageCounts, StageTable, stages, summarise } from "./stages.ts";

const TABLE = `${ownDatabase}.millrace_latency`;

/**
 * Writes one row per stage and group: the quantiles for dashboards, and the HDR V2 payload, so that any window and any
 * set of instances can be merged afterwards without averaging quantiles.
 */
export async function storeLatency(
  client: ClickHouseClient,
  table: StageTable,
  labels: { instance: string; pipeline: string; origin: Origin; tsMs: number },
): Promise<void> {
  // As text: with a number, ClickHouse takes a value with a point for seconds and one without for milliseconds.
  const ts = new Date(labels.tsMs).toISOString().replace("T", " ").replace("Z", "");
  const values = [...table.entries()].map(({ stage, group, counts }) => {
    const { p50, p90, p95, p99, max, count, skewed } = summarise(counts);
    const histogram = encodeIntoCompressedBase64(counts.histogram);
    const { instance, pipeline, origin } = labels;
    const whose = { instance, pipeline, kafka_cluster: origin.cluster, kafka_group: origin.group };
    return { ts, ...whose, stage, group, count, skewed, p50, p90, p95, p99, max, histogram };
  });
  if (values.length === 0) return;
  await client.insert({ table: TABLE, values, format: "JSONEachRow", clickhouse_settings: { async_insert: 0 } });
}

interface StoredRow {
  stage: Stage;
  group: string;
  skewed: string;
  histogram: string;
}

/**
 * Merges the stored histograms of the last `sinceMs` into one table.
 *
 * @param byGroup false: only the rows of all records; true: one cell per group as well.
 */
export async function loadLatency(client: ClickHouseClient, sinceMs: number, byGroup: boolean): Promise<StageTable> {
  const rows = await queryRows<StoredRow>(
    client,
    `SELECT stage, \`group\` AS group, skewed, histogram FROM ${TABLE}
      WHERE ts >= now64(3) - toIntervalMillisecond({sinceMs:UInt64}) AND ({byGroup:Bool} OR \`group\` = '')`,
    { sinceMs, byGroup },
  );
  const table = new StageTable();
  for (const row of rows) {
    const cell: StageCounts = table.cell(row.stage, row.group);
    cell.skewed += Number(row.skewed);
    cell.histogram.add(decodeFromCompressedBase64(row.histogram, 64, false) as ReturnType<typeof newHistogram>);
  }
  return table;
}

/** The latency table for people: one line per stage and group, milliseconds. */
export function latencyLines(table: StageTable): { header: string[]; rows: string[][] } {
  const header = ["stage", "group", "count", "p50 ms", "p95 ms", "p99 ms", "max ms", "skewed"];
  const entries = [...table.entries()].sort(
    (a, b) => a.group.localeCompare(b.group) || stages.indexOf(a.stage) - stages.indexOf(b.stage),
  );
  const rows = entries.map(({ stage, group, counts }) => {
    const { p50, p95, p99, max, count, skewed } = summarise(counts);
    return [stage, group === "" ? "all" : group, ...[count, p50, p95, p99, max, skewed].map(String)];
  });
  return { header, rows };
}
