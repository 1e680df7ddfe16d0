import type { ClickHouseClient } from "@clickhouse/client";

/** Names of the columns that hold a row's place in Kafka; the plan has them. */
export interface Coordinates {
  topic: string;
  partition: string;
  offset: string;
}

/** What says which rows of a range to look for. */
export interface RangeRows {
  table: string;
  coordinates?: Coordinates | undefined;
  topic: string;
  partition: number;
  offsets: Float64Array;
}

/**
 * Whether the table has every row of the range already, by their Kafka coordinates. False when it has no columns for
 * them: then nobody can know.
 *
 * Reads two columns of all parts that the partition's rows may lie in: seconds on a large table. For the rare cases only.
 */
export async function hasAllRows(client: ClickHouseClient, range: RangeRows): Promise<boolean> {
  const { table, coordinates, topic, partition, offsets } = range;
  if (coordinates === undefined) return false;
  const answer = await client.query({
    query: `
      SELECT uniqExact({offsetColumn: Identifier}) AS found FROM ${table}
      WHERE {topicColumn: Identifier} = {topic: String} AND {partitionColumn: Identifier} = {partition: Int64}
        AND {offsetColumn: Identifier} BETWEEN {first: Int64} AND {last: Int64}`,
    query_params: {
      topicColumn: coordinates.topic,
      partitionColumn: coordinates.partition,
      offsetColumn: coordinates.offset,
      topic,
      partition,
      first: offsets.reduce((least, offset) => Math.min(least, offset)),
      last: offsets.reduce((most, offset) => Math.max(most, offset)),
    },
    format: "JSONEachRow",
  });
  const [row] = await answer.json<{ found: string | number }>();
  return Number(row?.found) === offsets.length;
}
