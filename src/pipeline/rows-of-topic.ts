import type { ClickHouseClient } from "@clickhouse/client";
import { quoteName, quoteText } from "../core/sql-text.ts";
import type { TablePlan } from "../schema/plan.ts";
import { queryRows } from "../schema/query-rows.ts";

const SECONDS_MAX = 20;

/**
 * Whether the table has a row of the plan's topics; of any, where rows do not carry their topic. One that is too large to
 * be searched in time has.
 */
export async function hasRowsOfTopics(client: ClickHouseClient, plan: TablePlan): Promise<boolean> {
  const { table, topics, coordinates } = plan;
  const ofTopics =
    coordinates === undefined ? "" : `WHERE ${quoteName(coordinates.topic)} IN (${topics.map(quoteText).join(", ")})`;
  const limits = `SETTINGS max_execution_time = ${SECONDS_MAX}, timeout_overflow_mode = 'throw'`;
  try {
    return (await queryRows(client, `SELECT 1 FROM ${table} ${ofTopics} LIMIT 1 ${limits}`)).length > 0;
  } catch (error) {
    return /TIMEOUT_EXCEEDED/.test(String(error));
  }
}
