import type { ClickHouseClient } from "@clickhouse/client";
import { nobody, type Origin } from "../../core/origin.ts";
import { partitionKey } from "../../core/raw-batch.ts";
import { gapTable, type OffsetRun } from "../../ingest/pipeline/gap-store.ts";
import { deadLetterTable } from "../../schema/pipeline.ts";
import { factsSql, longGapSql, type QuerySubject, replayTable } from "./reconcile-query.ts";
import type { ReconcileTarget } from "./reconcile-target.ts";
import { mergeRuns, type OffsetRange } from "./reconcile-windows.ts";

/** What can be asked for: a server that was migrated by an earlier version has no gaps, or no replays. */
export async function subjectOf(
  client: ClickHouseClient,
  target: ReconcileTarget,
  origin: Origin,
): Promise<QuerySubject> {
  const answer = await client.query({
    query: `SELECT concat(database, '.', table) AS qualified, countIf(name = 'kafka_cluster') > 0 AS hasOrigin
      FROM system.columns WHERE qualified IN {names:Array(String)} GROUP BY qualified`,
    query_params: { names: [gapTable, replayTable] },
    format: "JSONEachRow",
  });
  const found = await answer.json<{ qualified: string; hasOrigin: boolean | number }>();
  const names = new Set(found.map(({ qualified }) => qualified));
  const hasReplays = names.has(replayTable) && target.deadLetters?.table === deadLetterTable;
  const hasOrigins = found.every(({ hasOrigin }) => Boolean(hasOrigin));
  return { target, origin, hasOrigins, hasGaps: names.has(gapTable), hasReplays };
}

/** Gaps too long to be unfolded, by partition; ascending and disjoint. */
export async function readLongGaps(
  client: ClickHouseClient,
  subject: QuerySubject,
  ranges: readonly OffsetRange[],
): Promise<Map<string, OffsetRun[]>> {
  const gaps = new Map<string, OffsetRun[]>();
  if (ranges.length === 0) return gaps;
  const answer = await client.query({ query: longGapSql(subject, ranges), format: "JSONEachRow" });
  for (const row of await answer.json<{ topic: string; partition: number; first: string; last: string }>()) {
    const key = partitionKey(row.topic, row.partition);
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
  ranges: readonly OffsetRange[],
): Promise<number | undefined> {
  const subject = { target, origin: nobody, hasOrigins: false, hasGaps: false, hasReplays: false };
  const answer = await client.query({
    query: `EXPLAIN ESTIMATE ${factsSql(subject, ranges)}`,
    format: "JSONEachRow",
  });
  const parts = await answer.json<{ rows: string | number }>();
  return parts.length === 0 ? undefined : parts.reduce((sum, { rows }) => sum + Number(rows), 0);
}
