import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";

/** Sets the deduplication window of every table that has one. 0 turns it off; a smaller one forgets the oldest tokens. */
export async function setWindows(client: ClickHouseClient, inserts: number): Promise<void> {
  for (const { name } of await windowedTables(client)) await setWindow(client, name, inserts);
}

/** Makes every table forget all tokens but the last, without changing how many it remembers afterwards. */
export async function forgetTokens(client: ClickHouseClient): Promise<void> {
  for (const { name, inserts } of await windowedTables(client)) {
    if (inserts === 0) continue;
    await setWindow(client, name, 1);
    await setWindow(client, name, inserts);
  }
}

async function setWindow(client: ClickHouseClient, table: string, inserts: number): Promise<void> {
  await client.command({
    query: `ALTER TABLE ${table} MODIFY SETTING non_replicated_deduplication_window = ${inserts}`,
  });
}

async function windowedTables(client: ClickHouseClient): Promise<{ name: string; inserts: number }[]> {
  const tables = await queryRows<{ name: string; engine_full: string }>(
    client,
    `SELECT concat('\`', database, '\`.\`', name, '\`') AS name, engine_full FROM system.tables
    WHERE engine_full LIKE '%non_replicated_deduplication_window%'`,
  );
  return tables.map(({ name, engine_full }) => {
    const inserts = Number(/non_replicated_deduplication_window = (\d+)/.exec(engine_full)?.[1]);
    return { name, inserts };
  });
}
