import { expect } from "vitest";
import { createSink, type Sink, type SinkBatch, type SinkOptions } from "../sink.ts";
import type { TestEngine } from "./engine.ts";
import { bundleOf, type TestMember, testColumnsSql, windowSql } from "./rows.ts";

/** One insert of the ranges of three partitions in two topics, whose offsets are the same numbers. */
export const members: TestMember[] = [
  { topic: "a", partition: 1, first: 100, last: 139 },
  { topic: "a", partition: 12, first: 100, last: 139 },
  { topic: "b", partition: 1, first: 100, last: 139 },
];
export const ROWS = 120;
export const into = { table: "d.fact", days: 3, partitionKey: "day" };
export const bundle = () => bundleOf(members, into);
export const replayOf = (batch: SinkBatch): SinkBatch => ({ ...batch, isReplay: true, announcedMs: Date.now() });

/** Tokens that a sink told of. */
export interface Told {
  splits: string[];
  found: string[];
  forgotten: string[];
}

/** A sink for which every retry is a fault. */
export function sinkOf(engine: TestEngine, told: Told, more: Partial<SinkOptions> = {}): Sink {
  const { signal } = new AbortController();
  return createSink(
    engine.client,
    { insertsMax: 1, signal, ...more },
    {
      onRetry: (_table, error) => expect.fail(String(error)),
      onSplit: (_table, token) => told.splits.push(token),
      onFoundStored: (_table, token) => told.found.push(token),
      onForgotten: (_table, token) => told.forgotten.push(token),
    },
  );
}

/** A fact table, and one behind a view that counts its rows. */
export async function createTables(engine: TestEngine, settings = windowSql, more = ""): Promise<void> {
  await engine.run(
    "DROP TABLE IF EXISTS d.by_day_view",
    "DROP TABLE IF EXISTS d.timed_view",
    `CREATE OR REPLACE TABLE d.fact (${testColumnsSql}${more}) ENGINE = MergeTree PARTITION BY day ORDER BY id ${settings}`,
    `CREATE OR REPLACE TABLE d.by_day (day Date, rows UInt64) ENGINE = SummingMergeTree ORDER BY day ${settings}`,
    "CREATE MATERIALIZED VIEW d.by_day_view TO d.by_day AS SELECT day, count() AS rows FROM d.fact GROUP BY day",
  );
}

export const storedIn = (engine: TestEngine) =>
  engine.row(`SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(id)) AS ids,
    toUInt32((SELECT sum(rows) FROM d.by_day)) AS viewed FROM d.fact`);
