import type { ClickHouseClient } from "@clickhouse/client";
import { askRows } from "./ask-rows.ts";

/** How many parts a table has at present, and what lies in them. */
export interface TableParts {
  table: string;
  parts: number;
  rows: number;
  bytes: number;
}

/** By table; one that has no parts is not in the answer. @throws what the client throws */
export async function tableParts(client: ClickHouseClient, tables: readonly string[]): Promise<TableParts[]> {
  const { rows } = await askRows(
    client,
    `SELECT concat(database, '.', table), count(), sum(rows), sum(bytes_on_disk) FROM system.parts
      WHERE active AND concat(database, '.', table) IN {tables:Array(String)} GROUP BY database, table ORDER BY 1`,
    { tables },
  );
  return rows.map(([table, parts, count, bytes]) => ({
    ...{ table: table ?? "", parts: Number(parts), rows: Number(count), bytes: Number(bytes) },
  }));
}
