import type { ClickHouseClient } from "@clickhouse/client";
import { queryRows } from "../../src/clients/clickhouse/query-rows.ts";
import { quoteName } from "../../src/clients/clickhouse/sql-text.ts";
import { rowHashSql } from "../../src/testing/row-hash.ts";
import type { BenchTable } from "./table.ts";

/** What a run left in its table. Sums are of 64-bit hashes, as decimal text. */
export interface Checksum {
  rows: number;
  /** Distinct pairs of partition and offset. */
  coordinates: number;
  /** Over whole rows: equal only when the same values stand beside each other. */
  table: string;
  /** One per column, each hashed with the row's coordinates, to name the columns that differ. */
  columns: Record<string, string>;
}

/** Reads every stored value, in any order of rows. */
export async function readChecksum(client: ClickHouseClient, table: BenchTable): Promise<Checksum> {
  const names = table.columns.map(({ name }) => quoteName(name));
  const perColumn = names.map((name) => rowHashSql(`kafka_partition, kafka_offset, ${name}`));
  const query = `SELECT count() AS rows, uniqExact(kafka_partition, kafka_offset) AS coordinates,
    ${rowHashSql(names.join(", "))} AS table, [${perColumn.join(", ")}] AS columns FROM ${table.name}`;
  const [row] = await queryRows<{ rows: string; coordinates: string; table: string; columns: string[] }>(client, query);
  const columns = Object.fromEntries(table.columns.map(({ name }, index) => [name, row!.columns[index]!]));
  return { rows: Number(row!.rows), coordinates: Number(row!.coordinates), table: row!.table, columns };
}

/** One line per difference between what the runs stored; empty when all stored the same `events` rows. */
export function compareChecksums(events: number, runs: readonly { peer: string; checksum: Checksum }[]): string[] {
  const first = runs[0];
  if (first === undefined) return [];
  const lines = runs.flatMap(({ peer, checksum: { rows, coordinates } }) =>
    rows === events && coordinates === events
      ? []
      : [`${peer}: ${rows} rows with ${coordinates} distinct coordinates, ${events} events are in the topic`],
  );
  for (const { peer, checksum } of runs) {
    if (checksum.table === first.checksum.table) continue;
    const differing = Object.keys(checksum.columns).filter(
      (name) => checksum.columns[name] !== first.checksum.columns[name],
    );
    const where = differing.length === 0 ? "no single column, but rows as a whole" : `columns ${differing.join(", ")}`;
    lines.push(`${peer} differs from ${first.peer}: ${where}`);
  }
  return [...new Set(lines)];
}
