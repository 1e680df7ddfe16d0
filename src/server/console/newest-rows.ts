import type { ClickHouseClient } from "@clickhouse/client";
import { quoteName } from "../../clients/clickhouse/sql-text.ts";
import type { TablePlan } from "../../schema/plan.ts";
import { askRows, type RowTable } from "./ask-rows.ts";

const ROWS = 50;
/** So many of the parts that were made last are looked at: new rows are there, and the rest of the table is left alone. */
const PARTS = 8;

/** The newest rows of a pipeline's table, by the offset, else by the event's time. @throws what the client throws */
export async function newestRows(client: ClickHouseClient, plan: TablePlan): Promise<RowTable> {
  const table = plan.table.split(".").map(quoteName).join(".");
  const order = orderOf(plan);
  const by = order === undefined ? "" : `ORDER BY ${order} DESC`;
  const parts = await newestParts(client, plan.table);
  const among = parts.length === 0 ? "" : "WHERE _part IN {parts:Array(String)}";
  return askRows(client, `SELECT * FROM ${table} ${among} ${by} LIMIT ${ROWS}`, { parts });
}

function orderOf({ coordinates, eventTimeColumn, columns }: TablePlan): string | undefined {
  const timestamp = columns.find(({ source }) => source.kind === "record" && source.field === "timestamp");
  const name = timestamp?.name ?? coordinates?.offset ?? eventTimeColumn;
  return name === undefined ? undefined : quoteName(name);
}

/** None: it has no parts that could be told (a view, a Distributed table), or the user may not know. */
async function newestParts(client: ClickHouseClient, table: string): Promise<string[]> {
  const [database, name] = table.split(".");
  try {
    const { rows } = await askRows(
      client,
      `SELECT name FROM system.parts WHERE active AND database = {database:String} AND table = {name:String}
        ORDER BY modification_time DESC LIMIT ${PARTS}`,
      { database, name },
    );
    return rows.map(([part]) => part ?? "");
  } catch {
    return [];
  }
}
