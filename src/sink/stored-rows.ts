import type { ClickHouseClient } from "@clickhouse/client";
import type { InsertColumn } from "./insert.ts";

/** A column that may say where its row comes from; a PlanColumn is one. */
export interface SourcedColumn extends InsertColumn {
  source?: { kind: string; field?: string };
}

/** What says which rows of a range to look for. */
export interface RangeRows {
  table: string;
  columns: readonly SourcedColumn[];
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
  const { table, columns, topic, partition, offsets } = range;
  const nameOf = (field: string) =>
    columns.find(({ source }) => source?.kind === "record" && source.field === field)?.name;
  const names = { topic: nameOf("topic"), partition: nameOf("partition"), offset: nameOf("offset") };
  if (names.topic === undefined || names.partition === undefined || names.offset === undefined) return false;
  const answer = await client.query({
    query: `
      SELECT uniqExact({offsetColumn: Identifier}) AS found FROM ${table}
      WHERE {topicColumn: Identifier} = {topic: String} AND {partitionColumn: Identifier} = {partition: Int64}
        AND {offsetColumn: Identifier} BETWEEN {first: Int64} AND {last: Int64}`,
    query_params: {
      topicColumn: names.topic,
      partitionColumn: names.partition,
      offsetColumn: names.offset,
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
