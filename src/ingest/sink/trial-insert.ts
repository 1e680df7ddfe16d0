import type { ClickHouseClient, ClickHouseSettings } from "@clickhouse/client";
import { insertOnce } from "./insert.ts";
import type { InsertColumn } from "./insert-column.ts";
import { checkFit, readShape } from "./table-shape.ts";

/**
 * An insert as Millrace sends them, but of no row, and with a fence that closed long ago: what the server says of the table,
 * its views, the user's rights and settings, without a trace.
 *
 * @throws what the server says against it; MillraceError E_CLICKHOUSE when the table has come to differ from the columns.
 */
export async function trialInsert(
  client: ClickHouseClient,
  target: { table: string; columns: readonly InsertColumn[]; format: string },
  settings: { partitionsMax: number | undefined; newerSettings: ClickHouseSettings },
): Promise<void> {
  const { table, columns, format } = target;
  const shape = await readShape(client, table);
  checkFit(table, shape, columns);
  const terms = { ...settings, token: "", deadlineMs: 0, shape, share: undefined, isLoud: false };
  await insertOnce(client, { table, columns, format, bytes: new Uint8Array(0), rowCount: 1 }, terms);
}
