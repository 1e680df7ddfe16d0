import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectClickHouse } from "../../clients/clickhouse/connect.ts";
import { createRowsToNative } from "../../codec/native/rows-to-native.ts";
import type { EncodedRows } from "../../codec/task.ts";
import { column } from "../../codec/testing/plan.ts";
import { startClickHouse } from "../../embedded/clickhouse/server.ts";
import { parseColumnType } from "../../schema/column-type.ts";
import { rowHashSql } from "../../testing/row-hash.ts";
import { createSink, type Sink, type SinkBatch } from "./sink.ts";

/** Native inserts through the sink into the real engine: one meaning and one token with the inserts by rows. */

const columns = [column("id", parseColumnType("Int32")), column("name", parseColumnType("LowCardinality(String)"))];

/** Rows with the ids `first … last`, whose Kafka offsets are the same numbers. */
function rowsOf(first: number, last: number): EncodedRows {
  const bytes: number[] = [];
  const rowStarts: number[] = [];
  const offsets: number[] = [];
  for (let id = first; id <= last; id += 1) {
    rowStarts.push(bytes.length);
    offsets.push(id);
    bytes.push(id & 0xff, id >> 8, 0, 0, 1, 0x61 + (id % 26));
  }
  return {
    format: "RowBinary",
    bytes: Uint8Array.from(bytes),
    rowCount: offsets.length,
    rowStarts: Uint32Array.from([...rowStarts, bytes.length]),
    offsets: Float64Array.from(offsets),
    sectionRows: Uint32Array.of(offsets.length),
  };
}

const lease = { deadlineMs: async () => Date.now() + 30_000 };

const toNative = createRowsToNative(columns);

function batchOf(rows: EncodedRows): SinkBatch {
  const { offsets, rowCount } = rows;
  const members = [{ topic: "t", partition: 0, firstOffset: offsets[0]!, lastOffset: offsets.at(-1)!, rowCount }];
  return { table: "d.target", columns, partitionKey: "", members, ...rows };
}

describe("a Native insert", () => {
  let dataDir: string;
  let server: Awaited<ReturnType<typeof startClickHouse>>;
  let client: ClickHouseClient;
  let sink: Sink;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "millrace-sink-"));
    server = await startClickHouse({ port: 0, dataDir });
    client = connectClickHouse({ url: `http://127.0.0.1:${server.port}`, user: undefined, password: undefined }, 2);
    const signal = new AbortController().signal;
    sink = createSink(client, { insertsMax: 1, signal }, { onRetry: (_table, error) => expect.fail(String(error)) });
    await client.command({ query: "CREATE DATABASE d" });
  });
  afterAll(async () => {
    await client.close();
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    const window = "SETTINGS non_replicated_deduplication_window = 100";
    for (const query of [
      "DROP TABLE IF EXISTS d.by_name_view",
      "DROP TABLE IF EXISTS d.by_name",
      `CREATE OR REPLACE TABLE d.target (id Int32, name LowCardinality(String), CONSTRAINT no_seven CHECK id % 100 != 7)
       ENGINE = MergeTree ORDER BY id ${window}`,
      `CREATE TABLE d.by_name (name LowCardinality(String), rows UInt64) ENGINE = SummingMergeTree ORDER BY name ${window}`,
      "CREATE MATERIALIZED VIEW d.by_name_view TO d.by_name AS SELECT name, count() AS rows FROM d.target GROUP BY name",
    ]) {
      await client.command({ query });
    }
  });

  /** Rows, their hash and the rows that the view has counted. */
  async function stored(): Promise<unknown> {
    const query = `SELECT count() AS rows, ${rowHashSql("id, name")} AS hash, uniqExact(_part) AS parts,
      (SELECT sum(rows) FROM d.by_name) AS viewed FROM d.target`;
    return (await (await client.query({ query, format: "JSONEachRow" })).json())[0];
  }

  it("stores the rows that an insert by rows stores, in one part", async () => {
    const rows = rowsOf(100, 106);
    const done = await sink.store(batchOf(toNative(rows)), lease);
    expect(done).toMatchObject({ refusals: [], refusedWhole: undefined, isBodyRead: true });
    const native = await stored();
    await client.command({ query: "TRUNCATE TABLE d.target" });
    await client.command({ query: "TRUNCATE TABLE d.by_name" });
    await sink.store(batchOf(rows), lease);
    expect(native).toMatchObject({ rows: 7, viewed: 7, parts: 1 });
    expect(await stored()).toEqual(native);
  });

  it.each([
    ["Native after rows", (rows: EncodedRows) => [rows, toNative(rows)]],
    ["rows after Native", (rows: EncodedRows) => [toNative(rows), rows]],
    ["Native after Native", (rows: EncodedRows) => [toNative(rows), toNative(rows)]],
  ])("is ignored as a repeat of its range, in the table and behind its views: %s", async (_name, inOrder) => {
    for (const rows of inOrder(rowsOf(200, 206))) await sink.store(batchOf(rows), lease);
    expect(await stored()).toMatchObject({ rows: 7, viewed: 7 });
  });

  it("that is refused for its data writes nothing, and goes on by rows under the same tokens", async () => {
    const rows = rowsOf(300, 399);
    const whole = await sink.store(batchOf(toNative(rows)), lease);
    expect(whole).toMatchObject({ refusals: [], isBodyRead: false });
    expect(String(whole.refusedWhole)).toContain("no_seven");
    expect(await stored()).toMatchObject({ rows: 0, viewed: 0 });
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const { refusals, refusedWhole, isBodyRead } = await sink.store(batchOf(rows), lease);
      expect([refusedWhole, isBodyRead]).toEqual([undefined, false]);
      expect(refusals).toMatchObject([{ offset: 307, errorType: "clickhouse_violated_constraint" }]);
      expect(await stored()).toMatchObject({ rows: 99, viewed: 99 });
    }
  });
});
