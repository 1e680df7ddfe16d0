import type { ClickHouseClient } from "@clickhouse/client";
import { queryVerifiedRows } from "../../clients/clickhouse/query-rows.ts";
import { type Limit, limitsCondition, quoteName, quoteText } from "../../clients/clickhouse/sql-text.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";

/** Names of the columns that hold a row's place in Kafka; the plan has them. */
export interface Coordinates {
  topic: string;
  partition: string;
  offset: string;
  /** What else a row must say to be one of the same cluster, and, for a dead letter, of the same group and pipeline. */
  limits?: readonly Limit[];
}

/** What says which rows of a range to look for. */
export interface RangeRows {
  table: string;
  coordinates?: Coordinates | undefined;
  topic: string;
  partition: number;
  offsets: Float64Array;
}

/** The condition on a table's rows from the lowest to the highest of the offsets. @param offsets not empty, in any order */
export function offsetsCondition(
  { topic, partition }: TopicPartition,
  coordinates: Coordinates,
  offsets: Float64Array,
): string {
  const first = offsets.reduce((least, offset) => Math.min(least, offset));
  const last = offsets.reduce((most, offset) => Math.max(most, offset));
  const limits = limitsCondition(coordinates.limits ?? []);
  return (
    `${quoteName(coordinates.topic)} = ${quoteText(topic)} AND ${quoteName(coordinates.partition)} = ${partition} ` +
    `AND ${quoteName(coordinates.offset)} BETWEEN ${first} AND ${last}${limits === "" ? "" : ` AND ${limits}`}`
  );
}

/**
 * Whether the table has every row of the range already, by their Kafka coordinates. False when it has no columns for
 * them: then nobody can know.
 *
 * Reads two columns of all parts that the partition's rows may lie in: seconds on a large table. For the rare cases only.
 */
export async function hasAllRows(client: ClickHouseClient, range: RangeRows): Promise<boolean> {
  const { table, coordinates, offsets } = range;
  if (coordinates === undefined) return false;
  const [row] = await queryVerifiedRows<{ found: string | number }>(
    client,
    `SELECT uniqExact(${quoteName(coordinates.offset)}) AS found FROM ${table}
      WHERE ${offsetsCondition(range, coordinates, offsets)}`,
  );
  return Number(row?.found) === offsets.length;
}
