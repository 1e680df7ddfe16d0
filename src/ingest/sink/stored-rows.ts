import type { ClickHouseClient } from "@clickhouse/client";
import { queryVerifiedRows } from "../../clients/clickhouse/query-rows.ts";
import { limitsCondition, quoteName, quoteText } from "../../clients/clickhouse/sql-text.ts";
import type { OffsetRun } from "../../core/offset-run.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { SinkBatch } from "./batch.ts";
import type { Coordinates } from "./coordinates.ts";
import { statementLimits } from "./insert-settings.ts";
import { type MemberRows, memberRowsOf } from "./member-rows.ts";
import { byPartition, keyOfRows } from "./row-key.ts";

/**
 * The condition on a table's rows from the lowest to the highest offset of each member. It may stand between ANDs.
 *
 * @param rows not empty
 */
export function rowsCondition(coordinates: Coordinates, rows: readonly MemberRows[]): string {
  const topics = [...Map.groupBy(rows, ({ topic }) => topic).values()].map((ofTopic) =>
    topicCondition(coordinates, ofTopic),
  );
  const limits = limitsCondition(coordinates.limits ?? []);
  return `${topics.length === 1 ? topics[0] : `(${topics.join(" OR ")})`}${limits === "" ? "" : ` AND ${limits}`}`;
}

/**
 * Of several partitions: what an index may know first, then the bounds of each partition, looked up by its number. A
 * thousand ranges joined by OR would be compared with every row of the table: of 10 million in 23 s and more, instead of
 * 0.3 s.
 *
 * In the URL of an insert a member takes some 215 bytes with all that a repeat looks up, offsets having 13 digits, so
 * that 4,000 members stay below the 1 MiB that ClickHouse allows (`http_max_uri_size`).
 */
function topicCondition(coordinates: Coordinates, rows: readonly MemberRows[]): string {
  const [topic, partition, offset] = [coordinates.topic, coordinates.partition, coordinates.offset].map(quoteName);
  const isOfTopic = `${topic} = ${quoteText(rows[0]!.topic)}`;
  const partitions = rows.map((each) => each.partition);
  const lowest = rows.map(({ lowestOffset }) => lowestOffset);
  const highest = rows.map(({ highestOffset }) => highestOffset);
  const isWithin = `${offset} BETWEEN ${Math.min(...lowest)} AND ${Math.max(...highest)}`;
  if (rows.length === 1) return `${isOfTopic} AND ${partition} = ${partitions[0]} AND ${isWithin}`;
  const bounds = [lowest, highest].map((of) => byPartition(partition!, partitions, of, -1));
  return (
    `${isOfTopic} AND ${partition} BETWEEN ${Math.min(...partitions)} AND ${Math.max(...partitions)} AND ${isWithin} ` +
    `AND ${offset} BETWEEN ${bounds.join(" AND ")}`
  );
}

/**
 * Whether the table has every row of the batch already, by their Kafka coordinates. False when it has no columns for
 * them: then nobody can know.
 *
 * Reads two columns of all parts that the partition's rows may lie in, and three for a bundle: seconds on a large table.
 * For the rare cases only.
 */
export async function hasAllRows(
  client: ClickHouseClient,
  batch: Pick<SinkBatch, "table" | "coordinates" | "members" | "offsets">,
): Promise<boolean> {
  const { table, coordinates, offsets } = batch;
  if (coordinates === undefined) return false;
  const rows = memberRowsOf(batch, { firstRow: 0, endRow: offsets.length });
  const query = `SELECT uniqExact(${keyOfRows(coordinates, rows).group}) AS found FROM ${table}
      WHERE ${rowsCondition(coordinates, rows)}`;
  const [row] = await queryVerifiedRows<{ found: string | number }>(client, query, {}, statementLimits(query));
  return Number(row?.found) === offsets.length;
}

/** Offsets of which a table has rows. */
export interface StoredRun extends TopicPartition, OffsetRun {}

/** Which offsets of these spans the table has, one span of a partition at most. Reads what `hasAllRows` reads. */
export async function readStoredRuns(
  client: ClickHouseClient,
  table: string,
  coordinates: Coordinates,
  spans: readonly MemberRows[],
): Promise<StoredRun[]> {
  const [topic, partition, offset] = [coordinates.topic, coordinates.partition, coordinates.offset].map(
    (name) => `assumeNotNull(${quoteName(name)})`,
  );
  // Names that no table's column has. Numbered one after another, the offsets of a run differ from their numbers by as much.
  const query = `SELECT millrace_t AS topic, millrace_p AS partition, min(millrace_o) AS first, max(millrace_o) AS last
    FROM (SELECT millrace_t, millrace_p, millrace_o,
        millrace_o - row_number() OVER (PARTITION BY millrace_t, millrace_p ORDER BY millrace_o) AS millrace_run
      FROM (SELECT DISTINCT toString(${topic}) AS millrace_t, toInt64(${partition}) AS millrace_p,
          toInt64(${offset}) AS millrace_o
        FROM ${table} WHERE ${rowsCondition(coordinates, spans)}))
    GROUP BY millrace_t, millrace_p, millrace_run`;
  type Row = { topic: string } & Record<"partition" | "first" | "last", string | number>;
  const rows = await queryVerifiedRows<Row>(client, query, {}, statementLimits(query));
  return rows.map((row) => ({
    topic: row.topic,
    partition: Number(row.partition),
    first: Number(row.first),
    last: Number(row.last),
  }));
}
