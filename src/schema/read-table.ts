import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../clients/clickhouse/query-rows.ts";
import { MillraceError } from "../core/errors.ts";
import { qualifyTable } from "./pipeline.ts";
import type { TableEngine } from "./row-loss.ts";

/** A column as `system.columns` has it, and its table, which is the same in all columns. */
export interface TableColumn extends TableEngine {
  name: string;
  type: string;
  /** "" when the column has no default expression. */
  defaultKind: "" | "DEFAULT" | "MATERIALIZED" | "ALIAS" | "EPHEMERAL";
  defaultExpression: string;
  /** Zone of DateTime columns that name none; undefined means UTC. */
  serverTimeZone?: string;
  /** Whether the table's partition key reads this column. */
  isInPartitionKey?: boolean;
  /** The table's PARTITION BY expression; "" without one. */
  partitionKey?: string;
}

/**
 * Reads a table's columns in their order.
 *
 * @throws MillraceError E_PLAN when there is no such table or the user may not see it, E_CLICKHOUSE when the server
 * cannot be asked.
 */
export async function readTable(client: ClickHouseClient, table: string): Promise<TableColumn[]> {
  const [database = "", name = ""] = splitTable(qualifyTable(table));
  const columns = await queryColumns(client, database, name);
  if (columns.length > 0) return columns;
  throw new MillraceError(
    "E_PLAN",
    `Table ${database}.${name} does not exist, or the ClickHouse user may not see it. ` +
      "Create it (Millrace's own tables: millrace migrate), grant SHOW and INSERT on it, or name another --table.",
  );
}

function splitTable(table: string): [string, string] {
  const dot = table.indexOf(".");
  return [table.slice(0, dot), table.slice(dot + 1)];
}

async function queryColumns(client: ClickHouseClient, database: string, table: string): Promise<TableColumn[]> {
  try {
    return await queryRows<TableColumn>(
      client,
      `
        WITH (SELECT any((partition_key, engine, sorting_key, engine_full)) FROM system.tables
              WHERE database = {database: String} AND name = {table: String}) AS t
        SELECT name, type, default_kind AS defaultKind, default_expression AS defaultExpression,
               timezone() AS serverTimeZone, CAST(is_in_partition_key, 'Bool') AS isInPartitionKey,
               t.1 AS partitionKey, t.2 AS engine, t.3 AS sortingKey, t.4 AS engineFull
        FROM system.columns
        WHERE database = {database: String} AND table = {table: String}
        ORDER BY position`,
      { database, table },
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError(
      "E_CLICKHOUSE",
      `Cannot read the columns of ${database}.${table}: ${reason}. Check CLICKHOUSE_URL and the user's rights.`,
      { cause },
    );
  }
}
