import type { ClickHouseClient } from "@clickhouse/client";

/** A column of a table that the bench fills, as CREATE TABLE names it. */
export interface BenchColumn {
  name: string;
  type: string;
  /** After the type: CODEC and the like. */
  suffix?: string;
}

/** What is drained into: created anew on a fresh server for every run. */
export interface BenchTable {
  /** `db.table`. */
  name: string;
  columns: readonly BenchColumn[];
  /** ENGINE clause. */
  engine: string;
}

/**
 * The fact table of the bench: the columns of `analytics.fact_event` (sql/migrations/0002) that the simulator's http
 * events fill, with the types, codecs, partitions and order that they have there. The events have 13 to 16 of 17 keys;
 * `timestamp_ms` repeats `ts_ms` and is not stored, `result` follows from the status: with the two coordinates 19
 * columns. None of them depends on a clock of the ingesting side, so all peers can store the same values.
 */
export const factTable: BenchTable = {
  name: "bench.fact",
  columns: [
    { name: "event_ts", type: "DateTime64(3)", suffix: "CODEC(Delta, ZSTD(3))" },
    { name: "service", type: "LowCardinality(String)" },
    { name: "domain", type: "LowCardinality(String)" },
    { name: "api_group", type: "LowCardinality(String)" },
    { name: "event_name", type: "LowCardinality(String)" },
    { name: "result", type: "LowCardinality(String)" },
    { name: "request_id", type: "String" },
    { name: "event_id", type: "String" },
    { name: "method", type: "LowCardinality(String)" },
    { name: "route_template", type: "LowCardinality(String)" },
    { name: "status_code", type: "Int32" },
    { name: "duration_ms", type: "Nullable(UInt32)" },
    { name: "user_id", type: "Nullable(String)" },
    { name: "order_id", type: "Nullable(String)" },
    { name: "payment_id", type: "Nullable(String)" },
    { name: "product_id", type: "Nullable(Int32)" },
    { name: "amount", type: "Nullable(Int32)" },
    { name: "kafka_partition", type: "Int32" },
    { name: "kafka_offset", type: "Int64", suffix: "CODEC(Delta, ZSTD(1))" },
  ],
  engine:
    "MergeTree PARTITION BY toDate(event_ts) ORDER BY (service, event_ts) SETTINGS min_bytes_for_wide_part = 67108864",
};

/**
 * Creates the table without a deduplication window: only Millrace uses one and switches it on for its own runs
 * (peers/millrace.ts), so that no peer pays for hashing its blocks.
 */
export async function createTable(client: ClickHouseClient, table: BenchTable): Promise<void> {
  const columns = table.columns.map(({ name, type, suffix }) => `\`${name}\` ${type} ${suffix ?? ""}`);
  await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${table.name.split(".")[0]}` });
  await client.command({ query: `CREATE TABLE ${table.name} (${columns.join(", ")}) ENGINE = ${table.engine}` });
}
