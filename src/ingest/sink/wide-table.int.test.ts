import { afterAll, beforeAll, expect, it } from "vitest";
import { createRowsToNative } from "../../codec/native/rows-to-native.ts";
import { column } from "../../codec/testing/plan.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import type { PlanColumn } from "../../schema/plan.ts";
import { createSink, type SinkBatch } from "./sink.ts";
import { startEngine, type TestEngine } from "./testing/engine.ts";
import { longLease, windowSql } from "./testing/rows.ts";

const COLUMNS = 3_000;
const columns = Array.from({ length: COLUMNS }, (_, index) =>
  column(`attributes.of.a.wide.table.c${index}`, parseColumnType(index % 2 === 0 ? "UInt8" : "Nullable(String)")),
);
const optional = columns.map((each): PlanColumn => ({ ...each, missing: { kind: "tableDefault" } }));

let engine: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  await engine.run("CREATE DATABASE d");
  const list = columns.map(({ name, type }) => `\`${name}\` ${type.text}`).join(", ");
  await engine.client.command({
    query: `CREATE TABLE d.wide (${list}) ENGINE = MergeTree ORDER BY tuple() ${windowSql}`,
    clickhouse_settings: { max_query_size: "1000000" },
  });
});
afterAll(() => engine.close());

/** One row of sevens and NULLs. */
const bytes = Uint8Array.from({ length: COLUMNS }, (_, index) => (index % 2 === 0 ? 7 : 1));
const rows = {
  format: "RowBinary" as const,
  bytes,
  rowCount: 1,
  rowStarts: Uint32Array.of(0, COLUMNS),
  offsets: Float64Array.of(0),
  sectionRows: Uint32Array.of(1),
};
const into = {
  table: "d.wide",
  columns,
  partitionKey: "",
  members: [{ topic: "t", partition: 0, firstOffset: 0, lastOffset: 0, rowCount: 1 }],
};
const defaults = { ...rows, format: "RowBinaryOptional", bytes: new Uint8Array(COLUMNS), columns: optional };

it.each<[string, SinkBatch, number]>([
  ["RowBinary", { ...into, ...rows }, (7 * COLUMNS) / 2],
  ["Native", { ...into, ...createRowsToNative(columns)(rows) }, (7 * COLUMNS) / 2],
  ["RowBinaryOptional", { ...into, ...defaults }, 0],
])(
  "a table of 3,000 columns takes rows: %s",
  async (_name, batch, sum) => {
    const events = { onRetry: (_table: string, error: unknown) => expect.fail(String(error).slice(0, 1_000)) };
    const sink = createSink(engine.client, { insertsMax: 1, signal: new AbortController().signal }, events);
    await engine.run("TRUNCATE TABLE d.wide");
    for (let repeat = 0; repeat < 2; repeat += 1) await sink.store(batch, longLease);
    const total = await engine.row("SELECT toUInt32(sum(arraySum([COLUMNS('c[0-9]*[02468]$')]))) AS sum FROM d.wide");
    expect(total).toEqual({ sum });
  },
  60_000,
);
