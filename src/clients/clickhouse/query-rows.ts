import type { ClickHouseClient } from "@clickhouse/client";

/** All rows of a query. @throws what the client throws. */
export async function queryRows<Row>(client: ClickHouseClient, query: string): Promise<Row[]> {
  return (await client.query({ query, format: "JSONEachRow" })).json<Row>();
}
