import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import type { OffsetRun } from "../../core/offset-run.ts";
import { nobody, type Origin } from "../../core/origin.ts";
import { partitionKey } from "../../core/topic-partition.ts";
import { gapTable } from "../../ingest/pipeline/gap-store.ts";
import { deadLetterTable } from "../../schema/pipeline.ts";
import { factsSql, longGapSql, type QuerySubject, replayTable } from "./reconcile-query.ts";
import type { ReconcileTarget } from "./reconcile-target.ts";
import { mergeRuns, type PartitionSection } from "./reconcile-windows.ts";

/** What can be asked for: a server that was migrated by an earlier version has no gaps, or no replays. */
export async function subjectOf(
  client: ClickHouseClient,
  target: ReconcileTarget,
  origin: Origin,
): Promise<QuerySubject> {
  const found = await queryRows<{ qualified: string; hasOrigin: boolean | number }>(
    client,
    `SELECT concat(database, '.', table) AS qualified, countIf(name = 'kafka_cluster') > 0 AS hasOrigin
      FROM system.columns WHERE qualified IN {names:Array(String)} GROUP BY qualified`,
    { names: [gapTable, replayTable] },
  );
  const names = new Set(found.map(({ qualified }) => qualified));
  const hasReplays = names.has(replayTable) && target.deadLetters?.table === deadLetterTable;
  const hasOrigins = found.every(({ hasOrigin }) => Boolean(hasOrigin));
  return { target, origin, hasOrigins, hasGaps: names.has(gapTable), hasReplays };
}

/** Gaps too long to be unfolded, by partition; ascending and disjoint. */
export async function readLongGaps(
  client: ClickHouseClient,
  subject: QuerySubject,
  ranges: readonly PartitionSection[],
): Promise<Map<string, OffsetRun[]>> {
  const gaps = new Map<string, OffsetRun[]>();
  if (ranges.length === 0) return gaps;
  type GapRow = { topic: string; partition: number; first: string; last: string };
  for (const row of await queryRows<GapRow>(client, longGapSql(subject, ranges))) {
    const key = partitionKey(row);
    gaps.set(key, [...(gaps.get(key) ?? []), { first: Number(row.first), last: Number(row.last) }]);
  }
  for (const [key, runs] of gaps) gaps.set(key, mergeRuns(runs));
  return gaps;
}

/**
 * Rows of the target table that ClickHouse would read for these ranges, by its own estimate; undefined when it gives
 * none (engines other than MergeTree).
 */
export async function estimateRows(
  client: ClickHouseClient,
  target: ReconcileTarget,
  ranges: readonly PartitionSection[],
): Promise<number | undefined> {
  const subject = { target, origin: nobody, hasOrigins: false, hasGaps: false, hasReplays: false };
  const parts = await queryRows<{ rows: string | number }>(client, `EXPLAIN ESTIMATE ${factsSql(subject, ranges)}`);
  return parts.length === 0 ? undefined : parts.reduce((sum, { rows }) => sum + Number(rows), 0);
}
