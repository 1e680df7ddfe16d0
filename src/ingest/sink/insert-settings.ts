import type { ClickHouseClient, ClickHouseSettings } from "@clickhouse/client";
import { queryVerifiedRows } from "../../clients/clickhouse/query-rows.ts";

/** An insert that takes longer is ended by the server: from the deadline of its fence on it can live no longer. */
export const insertSecondsMax = 120;

/** ClickHouse's own default; more rows than the insert has do no harm, fewer would cut what a view makes of them. */
const BLOCK_ROWS_MIN = 65_409;
const NEVER_ENOUGH_ROWS = "1000000000";

/**
 * Settings that only newer servers have, and refuse under older ones.
 *
 * - `deduplicate_insert_select` (25.12): its default since 26.1 turns deduplication off for a SELECT that the server does
 *   not find stable, token or not; only later patches of 26.x look at the token (ClickHouse pull request 99206). Our
 *   SELECT yields the body's rows in the body's order.
 * - `deduplicate_insert` (26.2) overrides `insert_deduplicate`, so a profile could turn that off.
 */
const newerSettings: Record<string, string> = {
  deduplicate_insert_select: "enable_even_for_bad_queries",
  deduplicate_insert: "enable",
};

/** Those of the newer settings that the server has, with our values. @throws as queryVerifiedRows(). */
export async function readNewerSettings(client: ClickHouseClient): Promise<ClickHouseSettings> {
  const query = "SELECT name FROM system.settings WHERE name IN {names: Array(String)} AND NOT is_obsolete";
  const rows = await queryVerifiedRows<{ name: string }>(client, query, { names: Object.keys(newerSettings) });
  return Object.fromEntries(rows.map(({ name }) => [name, newerSettings[name]!]));
}

/** Below it a statement is within what every server takes by default. */
const LONG_STATEMENT_BYTES = 128 * 1024;

/**
 * Room for the statement of a wide table, which names each column twice: 3,000 columns exceed the 256 KiB that
 * `max_query_size` allows. Not sent for others: a profile may pin these settings.
 */
export function statementLimits(statement: string): ClickHouseSettings {
  const bytes = Buffer.byteLength(statement);
  if (bytes <= LONG_STATEMENT_BYTES) return {};
  return {
    max_query_size: String(4 * bytes),
    max_ast_elements: String(bytes),
    max_expanded_ast_elements: String(4 * bytes),
  };
}

/**
 * Settings of an insert of at most `rowCount` rows under `token`, which is refused when its block touches more than
 * `partitionsMax` table partitions; undefined: never. The limit is stated because a replay has to be refused like the
 * first attempt, whatever the user's profile says by then.
 */
export function insertSettings(
  token: string,
  rowCount: number,
  partitionsMax: number | undefined,
  newer: ClickHouseSettings,
): ClickHouseSettings {
  const blockRows = String(Math.max(rowCount, BLOCK_ROWS_MIN));
  return {
    ...newer,
    insert_deduplicate: 1,
    insert_deduplication_token: token,
    deduplicate_blocks_in_dependent_materialized_views: 1,
    // On by default since 26.x; it would acknowledge what is not yet written, and has no use for our batches.
    async_insert: 0,
    // One block per insert, read by one thread: the token names the whole range, a repeat is cut at the same places
    // (nowhere), and views see the range at once. Reader and squashing have limits of their own.
    max_insert_block_size: blockRows,
    max_block_size: blockRows,
    min_insert_block_size_rows: NEVER_ENOUGH_ROWS,
    min_insert_block_size_bytes: "0",
    input_format_parallel_parsing: 0,
    max_threads: 1,
    max_insert_threads: "1",
    max_partitions_per_insert_block: String(partitionsMax ?? 0),
    throw_on_max_partitions_per_insert_block: partitionsMax === undefined ? 0 : 1,
    // The structure of input() names the table's own types, these as well.
    allow_suspicious_low_cardinality_types: 1,
    allow_suspicious_fixed_string_types: 1,
    max_execution_time: insertSecondsMax,
    // `break` would store the rows that were read by then, under the token of all.
    timeout_overflow_mode: "throw",
    // An exception after the first byte of the answer would otherwise come with status 200.
    wait_end_of_query: 1,
  };
}
