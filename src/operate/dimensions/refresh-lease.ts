import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { refreshesTable } from "./dimensions.ts";

/** As `lease_until` of sql/migrations/0014, less what a server's clock may run ahead and a statement may overrun. */
const LEASE_MS = 600_000 - 60_000;
/** An announcement is visible as soon as it is acknowledged; on another replica a little later. */
const VISIBLE_MS_MAX = 5_000;
const VISIBLE_POLL_MS = 50;
const ATTEMPTS_MAX = 5;

/** What a refresh notes about itself. */
export interface RefreshNote {
  zone: string;
  lookback_s: number;
  row_counts?: Record<string, number>;
  changed?: readonly string[];
  reason?: string;
}

/** The right to refresh, until it is ended or its time is over. */
export interface RefreshLease {
  /** Names the tables that are built under it. */
  sequence: number;
  /** By `performance.now()`: nothing may be sent to the server afterwards. */
  deadlineMs: number;
  /** Gives it back, and says how it went. */
  end(outcome: "done" | "failed", note: RefreshNote): Promise<void>;
}

/** Another refresh runs, or was killed less than ten minutes ago. */
export interface Held {
  heldBy: string;
  sinceText: string;
  untilText: string;
}

/**
 * Takes the right to refresh. Two that ask at once, on whatever hosts, write the same number under the same token, so that
 * the server keeps one of them.
 */
export async function takeLease(
  client: ClickHouseClient,
  who: string,
  note: RefreshNote,
): Promise<RefreshLease | Held> {
  const runId = randomUUID();
  let burnt = 0;
  for (let attempt = 1; ; attempt += 1) {
    const last = await readLast(client);
    if (last?.held === 1) return { heldBy: last.who, sinceText: last.since, untilText: last.until };
    const sequence = Math.max(Number(last?.number ?? 0), burnt) + 1;
    const deadlineMs = performance.now() + LEASE_MS;
    await write(client, { sequence, outcome: "begun", run_id: runId, who, ...note }, `millrace-dims:${sequence}`);
    const owner = await ownerOf(client, sequence);
    if (owner === runId) {
      const end: RefreshLease["end"] = (outcome, ended) =>
        write(client, { sequence, outcome, run_id: runId, who, ...ended }, `millrace-dims:${sequence}:end`);
      return { sequence, deadlineMs, end };
    }
    // A server that died between remembering the token and showing the row has used the number up.
    if (owner === undefined) burnt = sequence;
    if (attempt === ATTEMPTS_MAX) return { heldBy: owner ?? "somebody", sinceText: "now", untilText: "its end" };
  }
}

interface LastRefresh {
  number: string;
  held: 0 | 1;
  who: string;
  since: string;
  until: string;
}

async function readLast(client: ClickHouseClient): Promise<LastRefresh | undefined> {
  const [last] = await queryRows<LastRefresh>(
    client,
    `SELECT toString(sequence) AS number, countIf(outcome != 'begun') = 0 AND max(lease_until) > now64(3) AS held,
      any(who) AS who, formatDateTime(min(noted_at), '%H:%i:%S', 'UTC') AS since,
      formatDateTime(max(lease_until), '%H:%i:%S', 'UTC') AS until
      FROM ${refreshesTable} WHERE sequence = (SELECT max(sequence) FROM ${refreshesTable}) GROUP BY sequence`,
  );
  return last;
}

async function ownerOf(client: ClickHouseClient, sequence: number): Promise<string | undefined> {
  const deadlineMs = performance.now() + VISIBLE_MS_MAX;
  for (;;) {
    const [row] = await queryRows<{ runId: string }>(
      client,
      `SELECT toString(run_id) AS runId FROM ${refreshesTable} WHERE sequence = {sequence:UInt64} AND outcome = 'begun'`,
      { sequence },
    );
    if (row !== undefined) return row.runId;
    if (performance.now() > deadlineMs) return undefined;
    await sleep(VISIBLE_POLL_MS);
  }
}

async function write(client: ClickHouseClient, row: Record<string, unknown>, token: string): Promise<void> {
  await client.insert({
    table: refreshesTable,
    columns: Object.keys(row) as [string, ...string[]],
    values: [row],
    format: "JSONEachRow",
    clickhouse_settings: {
      insert_deduplicate: 1,
      insert_deduplication_token: token,
      async_insert: 0,
      wait_end_of_query: 1,
    },
  });
}
