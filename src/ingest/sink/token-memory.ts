import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { isRefreshable, tableSetting, targetOfView } from "../../clients/clickhouse/table-definition.ts";

/** What one table remembers of inserts. */
export interface TokenWindow {
  database: string;
  name: string;
  isReplicated: boolean;
  /** So many of the last inserts; 0: none, and nothing is guaranteed there. */
  inserts: number;
  /** For so long; plain tables do not go by time. */
  seconds: number;
}

/** Windows are changed seldom, and a smaller one is obeyed at once: so long the answer is believed. */
const BELIEVED_MS = 60_000;
/** So many inserts nobody makes in `ROOM_BELIEVED_MS`: ClickHouse refuses far fewer, for their parts. */
const ROOM_ENOUGH = 10_000;
const ROOM_BELIEVED_MS = 10_000;
/** Clocks of ingesters and servers differ; the parts of a table tell their time to the second. */
const CLOCKS_MS = 60_000;
/** A chain of views that is longer is a circle. */
const ROUNDS_MAX = 32;

/**
 * Knows whether a table, or one behind its views, may have forgotten the token of an insert that was first sent at some
 * time: the window goes by time (replicated tables), and by the number of inserts since.
 */
export class TokenMemory {
  readonly #client: ClickHouseClient;
  readonly #windows = new Map<string, { readMs: number; reading: Promise<TokenWindow[]> }>();
  /** Tables whose windows have room enough for what was sent since, and when that was found out. */
  readonly #rooms = new Map<string, { readMs: number; sinceMs: number }>();

  constructor(client: ClickHouseClient) {
    this.#client = client;
  }

  /** @param sinceMs ms since 1970, by an ingester's clock. @throws what the client throws. */
  async mayHaveForgotten(table: string, sinceMs: number): Promise<boolean> {
    const windows = (await this.#windowsOf(table)).filter(({ inserts }) => inserts > 0);
    const ageMs = Date.now() - sinceMs;
    if (windows.some((window) => isOver(window, ageMs))) return true;
    // After an outage hundreds of ranges are repeated, and what holds for the oldest holds for the others.
    const known = this.#rooms.get(table);
    if (known !== undefined && sinceMs >= known.sinceMs && performance.now() - known.readMs < ROOM_BELIEVED_MS)
      return false;
    const room = await this.#roomSince(windows, sinceMs);
    if (room >= ROOM_ENOUGH) this.#rooms.set(table, { readMs: performance.now(), sinceMs });
    return room <= 0;
  }

  #windowsOf(table: string): Promise<TokenWindow[]> {
    const known = this.#windows.get(table);
    const nowMs = Date.now();
    if (known !== undefined && Math.abs(nowMs - known.readMs) < BELIEVED_MS) return known.reading;
    const reading = readWindows(this.#client, table);
    this.#windows.set(table, { readMs: nowMs, reading });
    reading.catch(() => this.#windows.delete(table));
    return reading;
  }

  /**
   * How many inserts the smallest of the windows has room for beside those since `sinceMs`; at least, because their number
   * is an upper bound. Each insert takes a block number: those that come after the highest of a part that has not changed
   * since. In a plain table they are numbered for the whole table, in a replicated one for each partition.
   */
  async #roomSince(windows: readonly TokenWindow[], sinceMs: number): Promise<number> {
    if (windows.length === 0) return Number.POSITIVE_INFINITY;
    const at = `toDateTime(${Math.max(0, Math.floor((sinceMs - CLOCKS_MS) / 1000))})`;
    const tables = windows.map(({ database, name }) => `(${quoteText(database)}, ${quoteText(name)})`).join(", ");
    const rows = await queryRows<Record<"database" | "name" | "all" | "most", string>>(
      this.#client,
      `SELECT database, table AS name, sum(last) - sum(before) AS all, max(last) - max(before) AS most FROM (
         SELECT database, table, max(max_block_number) AS last,
           if(countIf(modification_time < ${at}) = 0, -1, maxIf(max_block_number, modification_time < ${at})) AS before
         FROM system.parts WHERE (database, table) IN (${tables})
         GROUP BY database, table, partition_id)
       GROUP BY database, table`,
    );
    const rooms = windows.map(({ database, name, isReplicated, inserts }) => {
      const row = rows.find((candidate) => candidate.database === database && candidate.name === name);
      return inserts - Number((isReplicated ? row?.all : row?.most) ?? 0);
    });
    return Math.min(...rooms);
  }
}

/** Nine tenths: the server clears what is over now and then, and its clock is not ours. */
export function isOver({ seconds }: Pick<TokenWindow, "seconds">, ageMs: number): boolean {
  return ageMs > seconds * 1000 * 0.9;
}

interface TableRow {
  database: string;
  name: string;
  uuid: string;
  engine: string;
  engineFull: string;
  createQuery: string;
  viewDatabases: string[];
  viewNames: string[];
}

/** Of the table and of what stands behind its views. */
async function readWindows(client: ClickHouseClient, table: string): Promise<TokenWindow[]> {
  const [database = "", name = ""] = table.split(".");
  const defaults = await readDefaults(client);
  const windows: TokenWindow[] = [];
  const seen = new Set<string>();
  let open = [{ database, name }];
  for (let round = 0; round < ROUNDS_MAX && open.length > 0; round += 1) {
    const names = open.map((at) => `(${quoteText(at.database)}, ${quoteText(at.name)})`).join(", ");
    const rows = await queryRows<TableRow>(
      client,
      `SELECT database, name, toString(uuid) AS uuid, engine, engine_full AS engineFull, create_table_query AS createQuery,
         dependencies_database AS viewDatabases, dependencies_table AS viewNames
       FROM system.tables WHERE (database, name) IN (${names})`,
    );
    open = [];
    for (const row of rows) {
      const own = `${row.database}.${row.name}`;
      if (seen.has(own)) continue;
      seen.add(own);
      if (/MergeTree$/.test(row.engine)) windows.push(windowOf(row, defaults));
      if (row.engine === "MaterializedView") open.push(...targetsOf(row));
      else open.push(...row.viewNames.map((view, at) => ({ database: row.viewDatabases[at]!, name: view })));
    }
  }
  return windows;
}

export function windowOf(
  row: Pick<TableRow, "database" | "name" | "engine" | "engineFull">,
  defaults: ReadonlyMap<string, string>,
): TokenWindow {
  const isReplicated = /^(Replicated|Shared)/.test(row.engine);
  const read = (name: string) => Number(tableSetting(row.engineFull, name) ?? defaults.get(name) ?? 0);
  return {
    database: row.database,
    name: row.name,
    isReplicated,
    inserts: read(isReplicated ? "replicated_deduplication_window" : "non_replicated_deduplication_window"),
    seconds: isReplicated ? read("replicated_deduplication_window_seconds") : Number.POSITIVE_INFINITY,
  };
}

function targetsOf({ database, name, uuid, createQuery }: TableRow): { database: string; name: string }[] {
  if (isRefreshable(createQuery)) return [];
  const to = targetOfView(createQuery);
  const isAtomic = uuid !== "00000000-0000-0000-0000-000000000000";
  const own = isAtomic ? `.inner_id.${uuid}` : `.inner.${name}`;
  return [{ database: to?.database ?? database, name: to?.table ?? own }];
}

async function readDefaults(client: ClickHouseClient): Promise<Map<string, string>> {
  const plain = "SELECT name, value FROM system.merge_tree_settings WHERE name LIKE 'non_replicated_deduplication%'";
  const replicated =
    "SELECT name, value FROM system.replicated_merge_tree_settings WHERE name LIKE 'replicated_deduplication%'";
  const rows = await queryRows<{ name: string; value: string }>(client, `${plain} UNION ALL ${replicated}`);
  return new Map(rows.map(({ name, value }) => [name, value]));
}
