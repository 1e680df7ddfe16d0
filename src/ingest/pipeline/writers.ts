import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { ownDatabase } from "../../config/own-database.ts";
import type { TablePlan } from "../../schema/plan.ts";

/** Who writes into which table (sql/migrations/0011). */
export const writersTable = `${ownDatabase}.millrace_writers`;

/** What says whose rows a table has. */
export type WriterPlan = Pick<TablePlan, "table" | "topics" | "origin" | "pipeline" | "columns">;

/** Notes that the plans' group writes their topics into their tables. @throws what the client throws. */
export async function noteWriters(client: ClickHouseClient, plans: readonly WriterPlan[]): Promise<void> {
  const values = plans.flatMap(({ table, topics, origin, pipeline }) =>
    topics.map((topic) => ({
      target_table: table,
      topic,
      kafka_cluster: origin.cluster,
      kafka_group: origin.group,
      pipeline,
    })),
  );
  await client.insert({ table: writersTable, values, format: "JSONEachRow", clickhouse_settings: { async_insert: 0 } });
}

/**
 * Clusters, by their ids, whose records of the plan's topics may lie in its table beside those of its own, where the rows
 * do not say which they are from. Then topic, partition and offset do not name a record there: nothing can be counted,
 * and no row be looked up. Empty: they do.
 *
 * @throws what the client throws.
 */
export async function otherClusters(client: ClickHouseClient, plan: WriterPlan): Promise<string[]> {
  const { table, topics, origin, columns } = plan;
  if (columns.some(({ name }) => name === "kafka_cluster")) return [];
  const rows = await queryRows<{ cluster: string }>(
    client,
    `SELECT DISTINCT toString(kafka_cluster) AS cluster FROM ${writersTable}
      WHERE target_table = {table:String} AND topic IN {topics:Array(String)} ORDER BY cluster`,
    { table, topics },
  );
  const clusters = rows.map(({ cluster }) => cluster);
  // Dead letters from before clusters were noted are of the only one there is.
  if (origin.cluster === "" && clusters.length === 1) return [];
  return clusters.filter((cluster) => cluster !== origin.cluster);
}

/** Why nothing can be counted in a table that several clusters share, and what to do. */
export function sharedTableText({ table, topics }: WriterPlan, clusters: readonly string[]): string {
  const others = clusters.map((cluster) => cluster || "(without an id)").join(", ");
  return (
    `the Kafka cluster ${others} writes records of ${topics.join(", ")} into ${table} too, and the rows do not say which ` +
    `cluster they are from. Give the table a column for it: ALTER TABLE ${table} ADD COLUMN kafka_cluster ` +
    "LowCardinality(String) DEFAULT '<id of the cluster whose rows are there already>'"
  );
}
