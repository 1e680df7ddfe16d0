import type { ClickHouseClient, ClickHouseSettings } from "@clickhouse/client";
import { readAnswer } from "./answer.ts";

/** All rows of a query. @throws what the client throws. */
export async function queryRows<Row>(
  client: ClickHouseClient,
  query: string,
  parameters: Record<string, unknown> = {},
): Promise<Row[]> {
  return (await client.query({ query, query_params: parameters, format: "JSONEachRow" })).json<Row>();
}

/**
 * The same on the way of an insert, where the kind of error decides whether the insert is repeated: an answer that is not
 * ClickHouse's is told as such (a proxy's page with status 200, or an error without a code), and so is an exception that
 * comes behind status 200. The server holds the rows back until it has them all: for few rows.
 *
 * @throws as `readAnswer`, and errors of the connection.
 */
export async function queryVerifiedRows<Row>(
  client: ClickHouseClient,
  query: string,
  parameters: Record<string, unknown> = {},
  settings: ClickHouseSettings = {},
): Promise<Row[]> {
  const asked = await client.exec({
    query: `${query} FORMAT JSONEachRow`,
    query_params: parameters,
    ignore_error_response: true,
    clickhouse_settings: { ...settings, wait_end_of_query: 1 },
  });
  const text = await readAnswer(asked);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Row);
}
