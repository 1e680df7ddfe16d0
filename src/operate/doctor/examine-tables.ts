import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { quoteText } from "../../clients/clickhouse/sql-text.ts";
import { isRefreshable, targetOfView } from "../../clients/clickhouse/table-definition.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { ColumnFacts, OtherObject, TableFacts, ViewFacts } from "./facts.ts";

/** A chain of views that is longer is a circle. */
const ROUNDS_MAX = 32;
/** ClickHouse keeps merged parts for eight minutes (old_parts_lifetime): so far back can parts be counted. */
const PARTS_MINUTES = 8;

interface TableRow {
  database: string;
  name: string;
  uuid: string;
  engine: string;
  engineFull: string;
  partitionKey: string;
  sortingKey: string;
  createQuery: string;
  select: string;
  viewDatabases: string[];
  viewNames: string[];
  databaseEngine: string;
}

/** Something that inserts reach, and how. */
interface Reached {
  database: string;
  name: string;
  /** Whose insert triggers it; "" for the target of a plan. */
  from: string;
  /** The view whose rows it takes. */
  view: ViewFacts | undefined;
  topics: readonly string[];
  isView: boolean;
}

/**
 * Finds every table that an insert of the plans writes into: targets, dead letters, and what stands behind materialized
 * views on them, however long the chain. Reads system tables only.
 *
 * @throws what the client throws.
 */
export async function examineTables(
  client: ClickHouseClient,
  plans: readonly TablePlan[],
): Promise<{ tables: TableFacts[]; others: OtherObject[] }> {
  const tables = new Map<string, TableFacts>();
  const others = new Map<string, OtherObject>();
  const seen = new Set<string>();
  let open: Reached[] = plans.flatMap(({ table, deadLetters, topics }) =>
    [table, deadLetters.table].map((name) => ({
      ...splitName(name),
      from: "",
      view: undefined,
      topics,
      isView: false,
    })),
  );
  for (let round = 0; round < ROUNDS_MAX && open.length > 0; round += 1) {
    const rows = await readRows(client, open);
    const next: Reached[] = [];
    for (const reached of open) {
      const name = `${reached.database}.${reached.name}`;
      const step = `${name} ${reached.from} ${reached.topics.join()}`;
      if (seen.has(step)) continue;
      seen.add(step);
      const row = rows.get(name);
      if (row === undefined) {
        const kind = reached.isView ? "unseen" : "absent";
        others.set(name, { name, kind, engine: "", reachedFrom: reached.view?.name ?? reached.from });
      } else next.push(...visit(row, reached, tables, others));
    }
    open = next;
  }
  const found = [...tables.values()];
  await Promise.all([addColumns(client, found), addParts(client, found), addReplicas(client, found)]);
  for (const table of found) {
    table.plans = plans.filter((plan) => plan.table === table.name).map(({ pipeline }) => pipeline);
    table.takesDeadLetters = plans.some(({ deadLetters }) => deadLetters.table === table.name);
  }
  return { tables: found, others: [...others.values()] };
}

/** Notes one table, or view, and returns what its inserts trigger. */
function visit(
  row: TableRow,
  reached: Reached,
  tables: Map<string, TableFacts>,
  others: Map<string, OtherObject>,
): Reached[] {
  const name = `${row.database}.${row.name}`;
  const { topics } = reached;
  if (row.engine !== "MaterializedView") {
    if (reached.isView) {
      others.set(name, { name, kind: "unknown", engine: row.engine, reachedFrom: reached.from });
      return [];
    }
    const known = tables.get(name) ?? newTable(row);
    known.topics = [...new Set([...known.topics, ...topics])];
    if (reached.view !== undefined && !known.views.some((view) => view.name === reached.view!.name)) {
      known.views.push(reached.view);
    }
    tables.set(name, known);
    return dependents(row, name, topics);
  }
  if (isRefreshable(row.createQuery)) {
    others.set(name, { name, kind: "refreshable", engine: row.engine, reachedFrom: reached.from });
    return [];
  }
  const to = targetOfView(row.createQuery);
  const isAtomic = row.uuid !== "00000000-0000-0000-0000-000000000000";
  const own = isAtomic ? `.inner_id.${row.uuid}` : `.inner.${row.name}`;
  const target = { database: to?.database ?? row.database, name: to?.table ?? own };
  // Rows of an insert into the view itself come as they are, without its SELECT.
  const view = reached.isView ? { name, source: reached.from, select: row.select } : undefined;
  // ClickHouse does not push into views over a view, only into views over its table (tried with 26.7).
  for (const [at, over] of row.viewNames.entries()) {
    const overName = `${row.viewDatabases[at]}.${over}`;
    const reachedFrom = `${target.database}.${target.name}`;
    others.set(overName, { name: overName, kind: "overView", engine: row.engine, reachedFrom });
  }
  return [{ ...target, from: name, view, topics, isView: false }];
}

function dependents(row: TableRow, from: string, topics: readonly string[]): Reached[] {
  return row.viewNames.map((name, at) => ({
    database: row.viewDatabases[at]!,
    name,
    from,
    view: undefined,
    topics,
    isView: true,
  }));
}

function newTable(row: TableRow): TableFacts {
  const { database, name, engine, engineFull, partitionKey, sortingKey, databaseEngine } = row;
  return {
    name: `${database}.${name}`,
    database,
    table: name,
    engine,
    engineFull,
    partitionKey,
    sortingKey,
    databaseEngine,
    columns: [],
    views: [],
    plans: [],
    takesDeadLetters: false,
    topics: [],
    isReadonly: false,
    partsPerMinuteMax: undefined,
  };
}

function splitName(name: string): { database: string; name: string } {
  const dot = name.indexOf(".");
  return { database: name.slice(0, dot), name: name.slice(dot + 1) };
}

async function readRows(client: ClickHouseClient, names: readonly Reached[]): Promise<Map<string, TableRow>> {
  const rows = await queryRows<TableRow>(
    client,
    `SELECT t.database AS database, t.name AS name, toString(t.uuid) AS uuid, t.engine AS engine,
       t.engine_full AS engineFull, t.partition_key AS partitionKey, t.sorting_key AS sortingKey,
       t.create_table_query AS createQuery, t.as_select AS select, t.dependencies_database AS viewDatabases,
       t.dependencies_table AS viewNames, d.engine AS databaseEngine
     FROM system.tables AS t LEFT JOIN system.databases AS d ON d.name = t.database
     WHERE (t.database, t.name) IN (${names.map(({ database, name }) => pair(database, name)).join(", ")})`,
  );
  return new Map(rows.map((row) => [`${row.database}.${row.name}`, row]));
}

async function addColumns(client: ClickHouseClient, tables: TableFacts[]): Promise<void> {
  if (tables.length === 0) return;
  const rows = await queryRows<{ owner: string } & ColumnFacts>(
    client,
    `SELECT concat(database, '.', table) AS owner, name, default_kind AS defaultKind,
       default_expression AS defaultExpression
     FROM system.columns WHERE (database, table) IN (${pairs(tables)}) ORDER BY position`,
  );
  for (const { owner, ...column } of rows) tables.find(({ name }) => name === owner)?.columns.push(column);
}

/**
 * Counts the parts that inserts made: each took an entry of the deduplication window. Of the parts of level 0 that
 * merges have replaced, most are still listed.
 */
async function addParts(client: ClickHouseClient, tables: TableFacts[]): Promise<void> {
  const merging = tables.filter(({ engine }) => /MergeTree$/.test(engine));
  if (merging.length === 0) return;
  const rows = await queryRows<{ owner: string; parts: string }>(
    client,
    `SELECT owner, max(parts) AS parts FROM (
       SELECT concat(database, '.', table) AS owner, toStartOfMinute(modification_time) AS minute, count() AS parts
       FROM system.parts
       WHERE (database, table) IN (${pairs(merging)}) AND level = 0
         AND modification_time > now() - INTERVAL ${PARTS_MINUTES} MINUTE
       GROUP BY owner, minute)
     GROUP BY owner`,
  ).catch(() => undefined);
  // Without the right to read system.parts the estimate has to do.
  if (rows === undefined) return;
  for (const table of merging) table.partsPerMinuteMax = 0;
  for (const { owner, parts } of rows) tables.find(({ name }) => name === owner)!.partsPerMinuteMax = Number(parts);
}

async function addReplicas(client: ClickHouseClient, tables: TableFacts[]): Promise<void> {
  const replicated = tables.filter(({ engine }) => engine.startsWith("Replicated"));
  if (replicated.length === 0) return;
  const rows = await queryRows<{ owner: string }>(
    client,
    `SELECT concat(database, '.', table) AS owner FROM system.replicas
     WHERE (database, table) IN (${pairs(replicated)}) AND is_readonly`,
  );
  for (const { owner } of rows) tables.find(({ name }) => name === owner)!.isReadonly = true;
}

function pairs(tables: readonly TableFacts[]): string {
  return tables.map(({ database, table }) => pair(database, table)).join(", ");
}

function pair(database: string, name: string): string {
  return `(${quoteText(database)}, ${quoteText(name)})`;
}
