import type { ClickHouseClient } from "@clickhouse/client";
import { nodeInflaters } from "../../../../workers/inflaters.ts";
import { connectClickHouse } from "../../../clients/clickhouse/connect.ts";
import { createReferenceTranscoder } from "../../../codec/reference/transcoder.ts";
import type { EncodedRows } from "../../../codec/task.ts";
import { packBatches } from "../../../codec/task-buffers.ts";
import { insertOnce } from "../../../ingest/sink/insert.ts";
import { readNewerSettings } from "../../../ingest/sink/insert-settings.ts";
import { readShape } from "../../../ingest/sink/table-shape.ts";
import { buildPlan, defaultPipeline } from "../../../schema/build-plan.ts";
import { deadLettersPipeline, eventsPipeline } from "../../../schema/events-pipeline.ts";
import { deadLetterTable } from "../../../schema/pipeline.ts";
import type { TablePlan } from "../../../schema/plan.ts";
import { readTable } from "../../../schema/read-table.ts";
import { recordBatchOf } from "../record-batch.ts";
import { type ReplayOptions, replayDeadLetters } from "../replay.ts";
import type { ReplayReport } from "../replay-report.ts";
import { createRoutes } from "../replay-routes.ts";

/** Makes dead letters as ingestion does, and replays them. For tests. */

export const ordersTable = "shop.orders";

export function openClient(url: string): ClickHouseClient {
  return connectClickHouse({ url, user: undefined, password: undefined }, 4);
}

/** A target in which an `amount` above 255 does not fit until the table is mended, and a view that counts its rows. */
export async function createOrders(client: ClickHouseClient): Promise<void> {
  const window = "SETTINGS non_replicated_deduplication_window = 100000";
  for (const query of [
    "CREATE DATABASE IF NOT EXISTS shop",
    "DROP TABLE IF EXISTS shop.orders_by_day_view",
    `CREATE OR REPLACE TABLE ${ordersTable} (day Date, amount UInt8, service String, kafka_topic LowCardinality(String),
      kafka_partition Int32, kafka_offset Int64, kafka_timestamp DateTime64(3), kafka_key Nullable(String))
      ENGINE = MergeTree PARTITION BY day ORDER BY service ${window}`,
    `CREATE OR REPLACE TABLE shop.orders_by_day (day Date, kafka_topic String, orders UInt64)
      ENGINE = SummingMergeTree ORDER BY (day, kafka_topic) ${window}`,
    `CREATE MATERIALIZED VIEW shop.orders_by_day_view TO shop.orders_by_day
      AS SELECT day, kafka_topic, count() AS orders FROM ${ordersTable} GROUP BY day, kafka_topic`,
  ]) {
    await client.command({ query });
  }
}

export async function mendOrders(client: ClickHouseClient): Promise<void> {
  await client.command({ query: `ALTER TABLE ${ordersTable} MODIFY COLUMN amount UInt32` });
}

export async function ordersPlan(client: ClickHouseClient, topic: string): Promise<TablePlan> {
  const columns = await readTable(client, ordersTable);
  return buildPlan(
    defaultPipeline({ topics: [topic], table: ordersTable }),
    columns,
    await readTable(client, deadLetterTable),
  );
}

/**
 * Runs records through the plan and inserts their dead letters, all at once. Offsets begin at 10 and rise by ten,
 * partitions are 0 and 1 in turn.
 */
export async function addLetters(
  client: ClickHouseClient,
  plan: TablePlan,
  values: (string | Uint8Array)[],
): Promise<void> {
  const dead = values.map((value, index) => deadRowOf(plan, value, index));
  await insertOnce(
    client,
    {
      table: deadLetterTable,
      columns: plan.deadLetters.columns,
      format: plan.deadLetters.format,
      bytes: Buffer.concat(dead.map(({ bytes }) => bytes)),
      rowCount: dead.length,
    },
    {
      token: `${plan.topics[0]}:buried`,
      deadlineMs: Date.now() + 60_000,
      shape: await readShape(client, deadLetterTable),
      share: undefined,
      isLoud: false,
      partitionsMax: undefined,
      newerSettings: await readNewerSettings(client),
    },
  );
}

/** The dead letter of one record. @throws Error when the record is a row */
export function deadRowOf(plan: TablePlan, value: string | Uint8Array, index: number): EncodedRows {
  const raw = typeof value === "string" ? new TextEncoder().encode(value) : value;
  const offset = (index + 1) * 10;
  const batch = recordBatchOf({ offset, ingestMs: recordMs + index, key: raw.subarray(0, 1), raw });
  const task = {
    planKey: plan.key,
    format: "rows" as const,
    sections: [
      { topic: plan.topics[0]!, partition: index % 2, firstOffset: offset, lastOffset: offset, batchCount: 1 },
    ],
    ...packBatches([batch], recordMs),
    judgedMs: recordMs,
    refused: [],
  };
  const { deadLetters } = createReferenceTranscoder(plan, nodeInflaters).run(task, Date.now);
  if (deadLetters.rowCount !== 1) throw new Error(`record ${index} is a row`);
  return deadLetters;
}

/** Kafka's time of the first record that `addLetters` makes, ms since 1970. */
export const recordMs = Date.UTC(2026, 5, 1, 12);

/** A replay of the letters of one topic, with all that a test does not name. */
export function replayTopic(
  client: ClickHouseClient,
  topic: string,
  wish: Partial<ReplayOptions> & { atLeastOnce?: boolean } = {},
): Promise<ReplayReport> {
  const { atLeastOnce = false, ...options } = wish;
  const pipelines = [eventsPipeline, deadLettersPipeline];
  return replayDeadLetters({
    client,
    filter: { topics: [topic] },
    routeOf: createRoutes({ client, pipelines, table: ordersTable, atLeastOnce, inflaters: nodeInflaters }),
    who: "test",
    dryRun: false,
    force: false,
    limit: 1_000_000,
    ratePerSecond: 100_000,
    signal: new AbortController().signal,
    ...options,
  });
}
