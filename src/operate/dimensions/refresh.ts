import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { isServerError } from "../../clients/clickhouse/server-error.ts";
import { ownDatabase } from "../../config/own-database.ts";
import { MillraceError } from "../../core/errors.ts";
import { type Dimension, dimensions, refreshesTable, serviceMap } from "./dimensions.ts";
import { requireZone } from "./known-zone.ts";
import { type RefreshLease, type RefreshNote, takeLease } from "./refresh-lease.ts";
import { buildTable, dropLeftovers, fillTable, type Replacement, replaceWhenDifferent } from "./replace-table.ts";
import type { MappedService } from "./service-map.ts";

export interface RefreshOptions {
  client: ClickHouseClient;
  /** Who refreshes, for whoever finds the lock: host and process. */
  who: string;
  /** Facts that arrived within it are looked at. Undefined: as the refresh before, else seven days. */
  lookbackMs?: number | undefined;
  /** Whose days the calendar has. Undefined: as the refresh before, else Asia/Seoul. */
  zone?: string | undefined;
  /** Takes the place of the service map that is there. Undefined: that one stays. */
  services?: readonly MappedService[] | undefined;
}

export interface DimensionReport {
  table: string;
  rows: number;
  /** A hash of all rows, whatever their order. */
  hash: string;
  changed: boolean;
}

export interface RefreshReport {
  outcome: "refreshed";
  sequence: number;
  zone: string;
  lookbackSeconds: number;
  durationMs: number;
  tables: DimensionReport[];
  /** Dictionaries that do not show the new rows yet, and why. */
  dictionaries: { name: string; reason: string }[];
}

/** Nothing was done. */
export interface RefreshBusy {
  outcome: "busy";
  heldBy: string;
  /** In words. */
  reason: string;
}

const LOOKBACK_MS = 7 * 86_400_000;
const ZONE = "Asia/Seoul";

/**
 * Builds the dimensions anew from the facts and puts each that differs into its place in one step. Only one refresh runs at
 * a time, on whatever host.
 *
 * @throws MillraceError E_CONFIG for a zone that nobody knows, E_CLICKHOUSE when a table is missing or a statement fails.
 * What was put into place before stays, and is complete.
 */
export async function refreshDimensions(options: RefreshOptions): Promise<RefreshReport | RefreshBusy> {
  const { client, who, services } = options;
  const startedMs = performance.now();
  await requireTables(client);
  const settings = await settingsOf(options);
  await requireZone(client, settings.zone);
  const lease = await takeLease(client, who, settings);
  if ("heldBy" in lease) {
    const { heldBy, sinceText, untilText } = lease;
    const reason = `${heldBy} refreshes the dimensions since ${sinceText} UTC; should it have died, its lock ends at ${untilText}`;
    return { outcome: "busy", heldBy, reason };
  }
  try {
    await dropLeftovers(client, lease.sequence);
    if (services !== undefined) await replaceServiceMap(client, lease, services);
    const tables = await refreshTables(client, lease, settings);
    const changed = tables.filter((table) => table.changed).map(({ table }) => table);
    const row_counts = Object.fromEntries(tables.map(({ table, rows }) => [table, rows]));
    await lease.end("done", { ...settings, row_counts, changed });
    return {
      outcome: "refreshed",
      sequence: lease.sequence,
      zone: settings.zone,
      lookbackSeconds: settings.lookback_s,
      durationMs: Math.round(performance.now() - startedMs),
      tables,
      dictionaries: await reloadDictionaries(client),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await lease.end("failed", { ...settings, reason: reason.slice(0, 1_000) }).catch(() => {});
    await dropLeftovers(client, lease.sequence + 1).catch(() => {});
    if (error instanceof MillraceError) throw error;
    throw new MillraceError("E_CLICKHOUSE", `The dimensions were not refreshed: ${reason.trim()}`, { cause: error });
  }
}

/** How long ago the last refresh came to its end, by the server's clock; undefined: there was none. */
export async function lastRefreshAgeMs(client: ClickHouseClient): Promise<number | undefined> {
  const [last] = await queryRows<{ ageMs: number }>(
    client,
    `SELECT toFloat64(dateDiff('millisecond', max(noted_at), now64(3))) AS ageMs FROM ${refreshesTable}
      WHERE outcome = 'done' HAVING count() > 0`,
  );
  return last?.ageMs;
}

/** @throws MillraceError E_CLICKHOUSE when the migrations were not applied here. */
async function requireTables(client: ClickHouseClient): Promise<void> {
  const wanted = [
    ...dimensions.map(({ table }) => table),
    serviceMap.table,
    refreshesTable.split(".")[1]!,
    "fact_event",
  ];
  const found = await queryRows<{ name: string }>(
    client,
    "SELECT name FROM system.tables WHERE database = {database:String} AND name IN {wanted:Array(String)}",
    { database: ownDatabase, wanted },
  );
  const missing = wanted.filter((table) => !found.some(({ name }) => name === table));
  if (missing.length === 0) return;
  throw new MillraceError(
    "E_CLICKHOUSE",
    `${ownDatabase} has no ${missing.join(", ")}: \`millrace migrate --events\` makes them`,
  );
}

/** What was asked for; what was not, as the last refresh that came to its end had it. */
async function settingsOf({ client, zone, lookbackMs }: RefreshOptions): Promise<RefreshNote> {
  const [last] = await queryRows<{ zone: string; lookback_s: number }>(
    client,
    `SELECT toString(zone) AS zone, lookback_s FROM ${refreshesTable} WHERE outcome = 'done' ORDER BY sequence DESC LIMIT 1`,
  );
  const lookbackSeconds = lookbackMs === undefined ? last?.lookback_s : lookbackMs / 1_000;
  return { zone: zone ?? last?.zone ?? ZONE, lookback_s: Math.round(lookbackSeconds ?? LOOKBACK_MS / 1_000) };
}

async function replaceServiceMap(
  client: ClickHouseClient,
  lease: RefreshLease,
  services: readonly MappedService[],
): Promise<void> {
  const at: Replacement = { client, lease, ...serviceMap };
  const next = await buildTable(at);
  await fillTable(at, next, services);
  await replaceWhenDifferent(at, next);
}

async function refreshTables(
  client: ClickHouseClient,
  lease: RefreshLease,
  { zone, lookback_s }: RefreshNote,
): Promise<DimensionReport[]> {
  const [now] = await queryRows<{ since: string }>(
    client,
    "SELECT toString(now64(3, 'UTC') - toIntervalSecond({lookback:UInt32})) AS since",
    { lookback: lookback_s },
  );
  const reports: DimensionReport[] = [];
  for (const dimension of dimensions) {
    const at: Replacement = { client, lease, ...dimension };
    const next = await buildTable(at, { since: now!.since, zone });
    reports.push({ table: dimension.table, ...(await replaceWhenDifferent(at, next)) });
  }
  return reports;
}

/** Dictionaries read their tables anew by themselves, within two minutes; this spares the wait, and finds those that cannot. */
async function reloadDictionaries(client: ClickHouseClient): Promise<RefreshReport["dictionaries"]> {
  const failed: RefreshReport["dictionaries"] = [];
  for (const { dictionary } of dimensions satisfies readonly Dimension[]) {
    const name = `${ownDatabase}.${dictionary}`;
    try {
      await client.command({ query: `SYSTEM RELOAD DICTIONARY ${name}` });
    } catch (error) {
      // Without the right to reload it they are as new in two minutes.
      if (isServerError(error, "ACCESS_DENIED")) continue;
      failed.push({ name, reason: error instanceof Error ? error.message.trim() : String(error) });
    }
  }
  return failed;
}
