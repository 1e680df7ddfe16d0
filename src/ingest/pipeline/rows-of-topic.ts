import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { classifyInsertError } from "../../clients/clickhouse/diagnose-insert.ts";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { isServerError } from "../../clients/clickhouse/server-error.ts";
import { quoteName, quoteText } from "../../clients/clickhouse/sql-text.ts";
import type { TablePlan } from "../../schema/plan.ts";

const SECONDS_MAX = 20;
const RETRY_MS = 1_000;

/**
 * Whether the table has a row of the plan's topics; of any, where rows do not carry their topic. One that is too large to
 * be searched in time has; one that may not be asked has not. While the server is away the question waits: the range that
 * it is asked for could not be stored either.
 *
 * @throws the signal's reason.
 */
export async function hasRowsOfTopics(
  client: ClickHouseClient,
  plan: Pick<TablePlan, "table" | "topics" | "coordinates">,
  signal: AbortSignal,
): Promise<boolean> {
  const { table, topics, coordinates } = plan;
  const ofTopics =
    coordinates === undefined ? "" : `WHERE ${quoteName(coordinates.topic)} IN (${topics.map(quoteText).join(", ")})`;
  const limits = `SETTINGS max_execution_time = ${SECONDS_MAX}, timeout_overflow_mode = 'throw'`;
  for (;;) {
    signal.throwIfAborted();
    try {
      return (await queryRows(client, `SELECT 1 FROM ${table} ${ofTopics} LIMIT 1 ${limits}`)).length > 0;
    } catch (error) {
      if (isServerError(error, "TIMEOUT_EXCEEDED")) return true;
      if (!["retry", "overload"].includes(classifyInsertError(error))) return false;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}
