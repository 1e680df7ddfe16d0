import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { ownDatabase } from "../../config/own-database.ts";
import { MillraceError } from "../../core/errors.ts";
import { definitionOf } from "./dimensions.ts";
import type { RefreshLease } from "./refresh-lease.ts";

/** A table that is to get new rows, and the right to give it some. */
export interface Replacement {
  client: ClickHouseClient;
  lease: RefreshLease;
  /** Without the database. */
  table: string;
  key: string;
}

/**
 * Tables that are built are named by the number of their refresh. So one that was frozen and wakes up when another has the
 * right finds its own tables, or, since they were dropped meanwhile, none; it never mixes its rows with those of the other.
 */
const NEXT_PREFIX = "dim_next_";
/** Below the client's own limit, which would leave the statement running. */
const STATEMENT_MS_MAX = 100_000;

/** Makes the empty table, on this server alone, and fills it by the definition where there are parameters for it. */
export async function buildTable(at: Replacement, parameters?: Record<string, string>): Promise<string> {
  const next = `${ownDatabase}.${NEXT_PREFIX}${at.lease.sequence}_${at.table}`;
  await run(at, `CREATE TABLE ${next} AS ${ownDatabase}.${at.table} ENGINE = MergeTree ORDER BY ${at.key}`);
  if (parameters === undefined) return next;
  const columns = (await columnsOf(at)).join(", ");
  await run(at, `INSERT INTO ${next} (${columns}) SELECT ${columns} FROM (${definitionOf(at)})`, parameters);
  return next;
}

export async function fillTable(at: Replacement, next: string, values: readonly object[]): Promise<void> {
  if (values.length === 0) return;
  const clickhouse_settings = { async_insert: 0, wait_end_of_query: 1 } as const;
  await at.client.insert({ table: next, values, format: "JSONEachRow", clickhouse_settings });
}

/**
 * Puts the rows of `next` into the table's place in one step, and drops `next`. Where both have the same rows nothing is
 * written: the table's parts stay as they are.
 */
export async function replaceWhenDifferent(
  at: Replacement,
  next: string,
): Promise<{ rows: number; hash: string; changed: boolean }> {
  const table = `${ownDatabase}.${at.table}`;
  const [before, after] = [await summaryOf(at, table), await summaryOf(at, next)];
  const changed = before.rows !== after.rows || before.hash !== after.hash;
  if (changed && after.rows === 0) await run(at, `TRUNCATE TABLE ${table}`);
  else if (changed) await run(at, `ALTER TABLE ${table} REPLACE PARTITION tuple() FROM ${next}`);
  await run(at, `DROP TABLE ${next}`);
  return { ...after, changed };
}

/** Drops what refreshes with lower numbers have left: their right is over. */
export async function dropLeftovers(client: ClickHouseClient, belowSequence: number): Promise<void> {
  const rows = await queryRows<{ name: string }>(
    client,
    "SELECT name FROM system.tables WHERE database = {database:String} AND match(name, {pattern:String})",
    { database: ownDatabase, pattern: `^${NEXT_PREFIX}\\d+_` },
  );
  for (const { name } of rows) {
    const sequence = Number(name.slice(NEXT_PREFIX.length).split("_")[0]);
    if (sequence < belowSequence) await client.command({ query: `DROP TABLE IF EXISTS ${ownDatabase}.${name}` });
  }
}

/** The definition may not know columns that somebody has added: they keep their defaults. */
async function columnsOf({ client, table }: Replacement): Promise<string[]> {
  const described = await queryRows<{ name: string }>(client, `DESCRIBE (${definitionOf({ table })})`, {
    since: "2000-01-01 00:00:00.000",
    zone: "UTC",
  });
  return described.map(({ name }) => name);
}

async function summaryOf({ client }: Replacement, table: string): Promise<{ rows: number; hash: string }> {
  const [row] = await queryRows<{ rows: string; hash: string }>(
    client,
    `SELECT toString(count()) AS rows, toString(sum(sipHash64(formatRow('RowBinary', *)))) AS hash FROM ${table}`,
  );
  return { rows: Number(row!.rows), hash: row!.hash };
}

/** @throws MillraceError E_CLICKHOUSE when the right to refresh is over. */
async function run({ client, lease }: Replacement, query: string, parameters: Record<string, string> = {}) {
  const leftMs = Math.min(lease.deadlineMs - performance.now(), STATEMENT_MS_MAX);
  if (leftMs < 1_000) {
    throw new MillraceError(
      "E_CLICKHOUSE",
      "The dimensions were not refreshed in time; a shorter --lookback reads less",
    );
  }
  const clickhouse_settings = { max_execution_time: Math.floor(leftMs / 1_000), wait_end_of_query: 1 } as const;
  await client.command({ query, query_params: parameters, clickhouse_settings });
}
