import { queryRows } from "../../src/clients/clickhouse/query-rows.ts";
import { migrate } from "../../src/operate/migrations/migrate.ts";
import type { BenchClickHouse } from "./clickhouse.ts";
import { factTable } from "./table.ts";

/**
 * Gives the bench's fact table the materialized views that `analytics.fact_event` has, so that an insert costs what it
 * costs there.
 *
 * The migrations make the views; their SELECTs are copied and pointed at the bench's table. That table lacks some columns
 * which the SELECTs use, so each reads from a subquery that adds them: the time of the event stands in for Kafka's, the
 * time of the insert for all others. The sums in the aggregates are therefore wrong, which does not matter here.
 */
export async function addViews({ client }: BenchClickHouse): Promise<void> {
  await migrate(client);
  const views = await queryRows<{ name: string; target: string; query: string }>(
    client,
    `SELECT name, extract(create_table_query, 'TO (analytics\\.\\w+)') AS target, as_select AS query FROM system.tables
     WHERE database = 'analytics' AND engine = 'MaterializedView' AND as_select LIKE '%FROM analytics.fact_event AS f%'`,
  );
  const lacking = `event_ts AS ingest_ts, now64(3) AS processed_ts, now64(3) AS stored_ts,
    CAST(now64(3), 'Nullable(DateTime64(3))') AS spark_ingest_ts`;
  for (const { name, target, query } of views) {
    const select = query.replace(
      "FROM analytics.fact_event AS f",
      `FROM (SELECT *, ${lacking} FROM ${factTable.name}) AS f`,
    );
    await client.command({ query: `CREATE MATERIALIZED VIEW bench.${name} TO ${target} AS ${select}` });
  }
}
