import { readableName, readableTable } from "../../clients/clickhouse/sql-text.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { TableFacts } from "./facts.ts";

export function isReplicated(engine: string): boolean {
  return /^(Replicated|Shared)\w*MergeTree$/.test(engine);
}

/** SETTINGS that make a table of this engine remember `windowInserts` inserts. */
function windowSettings(engine: string, windowInserts: number, windowSeconds: number): string {
  if (!isReplicated(engine)) return `non_replicated_deduplication_window = ${windowInserts}`;
  return (
    `replicated_deduplication_window = ${windowInserts}, ` +
    `replicated_deduplication_window_seconds = ${windowSeconds}`
  );
}

/** Sets the window of a MergeTree table; takes effect with the next insert. */
export function alterWindow(table: TableFacts, windowInserts: number, windowSeconds: number): string[] {
  const statement = `ALTER TABLE ${readableTable(table.database, table.table)} MODIFY SETTING ${windowSettings(table.engine, windowInserts, windowSeconds)};`;
  if (!/^Replicated/.test(table.engine)) return [statement];
  return ["-- settings are not replicated: on each replica", statement];
}

/**
 * Makes the table anew under its own name, with its rows, views and grants: neither an engine nor a partition key can be
 * altered. The clauses are spelt out: `CREATE TABLE … AS` takes over those of the old table that are left away.
 */
export function rebuildTable(
  table: TableFacts,
  wanted: { engine: string; partitionKey: string; sortingKey: string },
  windowInserts: number,
  windowSeconds: number,
): string[] {
  const old = readableTable(table.database, table.table);
  const fresh = readableTable(table.database, `${table.table}_new`);
  const computed = table.columns.filter(({ defaultKind }) => defaultKind === "MATERIALIZED").map(({ name }) => name);
  return [
    "-- with millrace stopped",
    ...(computed.length === 0 ? [] : [`-- computed anew for the old rows: ${computed.join(", ")}`]),
    `CREATE TABLE ${fresh} AS ${old} ENGINE = ${wanted.engine} PARTITION BY ${wanted.partitionKey} ` +
      `ORDER BY ${wanted.sortingKey} SETTINGS ${windowSettings(table.engine, windowInserts, windowSeconds)};`,
    `INSERT INTO ${fresh} SELECT * FROM ${old};`,
    table.databaseEngine === "Atomic" || table.databaseEngine === "Replicated"
      ? `EXCHANGE TABLES ${old} AND ${fresh};`
      : `RENAME TABLE ${old} TO ${readableTable(table.database, `${table.table}_old`)}, ${fresh} TO ${old};`,
    "-- compare the rows of both, then drop the old one",
  ];
}

/** A partition key that is the same at each repeat: the day of the event, or of the Kafka record, or none. */
export function stablePartitionKey(
  table: TableFacts,
  plans: readonly TablePlan[],
  isStable: (name: string) => boolean,
) {
  const candidates = plans
    .filter((plan) => plan.table === table.name)
    .flatMap(({ eventTimeColumn, horizon, columns }) => [
      eventTimeColumn,
      horizon?.column,
      ...columns
        .filter(({ source }) => source.kind === "record" && source.field === "timestamp")
        .map(({ name }) => name),
    ]);
  const column = candidates.find((name) => name !== undefined && isStable(name));
  return column === undefined ? "tuple()" : `toDate(${readableName(column)})`;
}

export function sortingKeyOf({ sortingKey }: TableFacts): string {
  return sortingKey === "" ? "tuple()" : `(${sortingKey})`;
}

/** The engine with its arguments, without clauses: `ReplacingMergeTree(version)`. */
export function engineCall({ engineFull }: TableFacts): string {
  return engineFull.split(/ (?:PARTITION BY|PRIMARY KEY|ORDER BY|SAMPLE BY|TTL|SETTINGS) /)[0]!;
}
