import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";

/** A key whose aggregates are not what the base table says. */
export interface AggregateDifference {
  /** Sorting key and values, as text. */
  key: Record<string, string>;
  /** What is stored and what the view's SELECT gives now; undefined: no such key. */
  stored: Record<string, string> | undefined;
  recomputed: Record<string, string> | undefined;
}

/** How the table behind one materialized view compares with its recomputation. */
export interface AggregateVerdict {
  view: string;
  table: string;
  /** Columns that were compared. */
  compared: string[];
  /** Columns that were not, with the reason. */
  skipped: Record<string, string>;
  differences: AggregateDifference[];
  /** Keys that differ; `differences` has the first of them. */
  differing: number;
}

interface Column {
  name: string;
  type: string;
}

const DIFFERENCES_MAX = 10;

/**
 * Compares each table behind a materialized view with the view's own SELECT over the base table as it is now.
 *
 * Both sides are merged by the table's sorting key, so it does not matter which parts have been merged already. Nothing
 * here knows a table by name: views, keys and types come from the system tables.
 */
export async function judgeAggregates(client: ClickHouseClient): Promise<AggregateVerdict[]> {
  const views = await queryRows<{ view: string; as_select: string; create_table_query: string }>(
    client,
    `SELECT concat(database, '.', name) AS view, as_select, create_table_query FROM system.tables
    WHERE engine = 'MaterializedView' AND database NOT IN ('system') ORDER BY view`,
  );
  const verdicts: AggregateVerdict[] = [];
  for (const { view, as_select, create_table_query } of views) {
    const table = / TO ([\w.`]+)/.exec(create_table_query)?.[1]?.replaceAll("`", "");
    if (table === undefined) throw new Error(`Cannot check ${view}: it has no TO table`);
    verdicts.push(await judgeView(client, view, table, as_select));
  }
  return verdicts;
}

async function judgeView(
  client: ClickHouseClient,
  view: string,
  table: string,
  select: string,
): Promise<AggregateVerdict> {
  const [database, name] = table.split(".") as [string, string];
  const where = `database = ${quoteText(database)} AND table = ${quoteText(name)}`;
  const columns = await queryRows<Column & { is_in_sorting_key: number }>(
    client,
    `SELECT name, type, is_in_sorting_key FROM system.columns WHERE ${where} ORDER BY position`,
  );
  const [target] = await queryRows<{ engine: string }>(
    client,
    `SELECT engine FROM system.tables WHERE database = ${quoteText(database)} AND name = ${quoteText(name)}`,
  );
  // A plain table behind a view is a copy of rows: every column is then its key.
  const isMerged = /Aggregating/.test(target!.engine);
  const keys = columns.filter((column) => !isMerged || column.is_in_sorting_key === 1).map((column) => column.name);
  const skipped: Record<string, string> = {};
  const values: Column[] = [];
  for (const column of columns.filter((candidate) => !keys.includes(candidate.name))) {
    const merge = mergeOf(column);
    if (merge.sql === undefined) skipped[column.name] = merge.reason;
    else values.push({ name: column.name, type: merge.sql });
  }
  const rows = await queryRows<Record<string, string>>(client, compareQuery(table, select, keys, values));
  const differences = pairUp(rows, keys, values);
  return {
    view,
    table,
    compared: [...keys, ...values.map((value) => value.name)],
    skipped,
    differences: differences.slice(0, DIFFERENCES_MAX),
    differing: differences.length,
  };
}

/** The SQL that merges a column's states within a key, or why it cannot be compared. */
function mergeOf({ name, type }: Column): { sql: string } | { sql: undefined; reason: string } {
  const state = /^(Simple)?AggregateFunction\((\w+)(\(.*?\))?(?:, (.*))?\)$/.exec(type);
  if (state === null) return { sql: undefined, reason: "neither key nor aggregate: any row's value may stay" };
  const [, simple, aggregate, parameters = "", argument = ""] = state;
  if (/^(quantile|median|uniq(?!Exact)|topK|any|avgWeighted|sumKahan)/.test(aggregate!)) {
    return { sql: undefined, reason: `${aggregate} depends on the order or is approximate` };
  }
  if (/Float/.test(argument) && /^(sum|avg)/.test(aggregate!)) {
    return { sql: undefined, reason: `${aggregate} of floating-point numbers depends on the order` };
  }
  const column = `\`${name}\``;
  return { sql: simple === undefined ? `${aggregate}Merge${parameters}(${column})` : `${aggregate}(${column})` };
}

/** Rows that only one of the sides has, both sides merged by key; `stored_rows` and `recomputed_rows` count them. */
function compareQuery(table: string, select: string, keys: string[], values: Column[]): string {
  const names = [...keys, ...values.map((value) => value.name)].map((name) => `\`${name}\``);
  const keyList = keys.map((key) => `\`${key}\``).join(", ");
  const texts = [
    ...keys.map((key) => `toString(\`${key}\`) AS \`${key}\``),
    ...values.map(({ name }) => `toString(m_${name}) AS \`${name}\``),
  ];
  const merged = (from: string) =>
    values.length === 0
      ? `SELECT ${keyList} FROM ${from}`
      : `SELECT ${[keyList, ...values.map(({ name, type }) => `${type} AS m_${name}`)].join(", ")} FROM ${from} GROUP BY ${keyList}`;
  const side = (from: string, isStored: number) =>
    `SELECT ${texts.join(", ")}, ${isStored} AS is_stored FROM (${merged(from)})`;
  return `SELECT ${names.join(", ")}, countIf(is_stored = 1) AS stored_rows, countIf(is_stored = 0) AS recomputed_rows
    FROM (${side(table, 1)} UNION ALL ${side(`(${select})`, 0)})
    GROUP BY ${names.join(", ")} HAVING stored_rows != recomputed_rows ORDER BY ${keyList}`;
}

function pairUp(rows: Record<string, string>[], keys: string[], values: Column[]): AggregateDifference[] {
  const byKey = new Map<string, AggregateDifference>();
  for (const row of rows) {
    const key = Object.fromEntries(keys.map((name) => [name, row[name]!]));
    const found = Object.fromEntries(values.map(({ name }) => [name, row[name]!]));
    const id = JSON.stringify(key);
    const difference = byKey.get(id) ?? { key, stored: undefined, recomputed: undefined };
    const [stored, recomputed] = [Number(row.stored_rows), Number(row.recomputed_rows)];
    // Without values only the number of equal rows can differ.
    const shown = (count: number) => (values.length === 0 ? { rows: String(count) } : found);
    if (stored > recomputed || values.length === 0) difference.stored = shown(stored);
    if (recomputed > stored || values.length === 0) difference.recomputed = shown(recomputed);
    byKey.set(id, difference);
  }
  return [...byKey.values()];
}

/** One line for a report: the columns that differ, stored → recomputed. */
export function describeDifference({ key, stored, recomputed }: AggregateDifference): string {
  const where = Object.entries(key)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
  if (stored === undefined) return `${where}: nothing is stored`;
  if (recomputed === undefined) return `${where}: stored, but the base table has no such rows`;
  const differing = Object.keys(stored).filter((name) => stored[name] !== recomputed[name]);
  return `${where}: ${differing.map((name) => `${name} ${stored[name]} instead of ${recomputed[name]}`).join(", ")}`;
}
