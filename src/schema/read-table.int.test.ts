import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type ClickHouseServer, startClickHouse } from "../embedded/clickhouse/server.ts";
import { buildPlan, defaultPipeline } from "./build-plan.ts";
import { readTable } from "./read-table.ts";

let dataDir: string;
let server: ClickHouseServer;
let client: ClickHouseClient;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-read-table-"));
  server = await startClickHouse({ port: 0, dataDir, sessions: 1, queuedMax: 8 });
  client = createClient({ url: `http://127.0.0.1:${server.port}` });
  await client.command({ query: "CREATE DATABASE net" });
  await client.command({
    query: `CREATE TABLE net.dns (
      \`id.orig_h\` IPv4, ts DateTime64(6), seoul DateTime('Asia/Seoul'), kind Enum8('it\\'s' = 1, 'b' = -2),
      price Decimal(12, 3), tags Map(LowCardinality(String), Nullable(String)), stored DateTime DEFAULT now(),
      day Date MATERIALIZED toDate(ts), hour UInt8 ALIAS toHour(ts), kafka_offset Int64)
      ENGINE = MergeTree ORDER BY ts`,
  });
});

afterAll(async () => {
  await client?.close();
  await server?.close();
  await rm(dataDir, { recursive: true, force: true });
});

it("reads a table's columns as the server prints them and plans them in their order", async () => {
  const columns = await readTable(client, "net.dns");
  const deadLetters = columns.slice(0, 2).map((column, index) => ({
    ...column,
    name: index === 0 ? "error_type" : "raw_json",
    type: "String",
  }));
  const plan = buildPlan(defaultPipeline({ topics: ["dns"], table: "net.dns" }), columns, deadLetters);
  expect(plan.format).toBe("RowBinaryOptional");
  expect(plan.columns.map(({ name }) => name)).toEqual([
    "id.orig_h",
    "ts",
    "seoul",
    "kind",
    "price",
    "tags",
    "stored",
    "kafka_offset",
  ]);
  const types = Object.fromEntries(plan.columns.map(({ name, type }) => [name, type]));
  expect(types.ts).toMatchObject({ kind: "dateTime64", scale: 6, timeZone: expect.stringMatching(/UTC/) });
  expect(types.seoul).toMatchObject({ timeZone: "Asia/Seoul" });
  expect(types.kind).toMatchObject({ values: expect.arrayContaining([{ name: "it's", value: 1 }]) });
});

it("takes the partition key into the plan when the insert's columns can compute it", async () => {
  const keys: string[] = [];
  for (const key of ["(toDate(ts), id % 4)", "day", "tuple()"]) {
    await client.command({
      query: `CREATE OR REPLACE TABLE net.parted (id Int32, ts DateTime64(3), day Date MATERIALIZED toDate(ts),
        error_type String, raw_json String) ENGINE = MergeTree PARTITION BY ${key} ORDER BY ts`,
    });
    const columns = await readTable(client, "net.parted");
    const plan = buildPlan(defaultPipeline({ topics: ["t"], table: "net.parted" }), columns, columns);
    keys.push(plan.partitionKey);
  }
  expect(keys).toEqual(["(toDate(ts), id % 4)", "", expect.stringMatching(/^(tuple\(\))?$/)]);
});

it("takes the columns that the insert leaves to the server's clock into the plan", async () => {
  await client.command({
    query: `CREATE OR REPLACE TABLE net.clocks (id Int32, a DateTime64(3) DEFAULT now64(3), b DateTime DEFAULT NOW('UTC'),
      c DateTime DEFAULT current_timestamp, d Int64 DEFAULT now64(3)::Int64, twice Int32 DEFAULT id * 2,
      sent DateTime DEFAULT now(), made DateTime MATERIALIZED now(), error_type String, raw_json String,
      topic String, kafka_partition Int32, kafka_offset Int64, kafka_topic String) ENGINE = MergeTree ORDER BY id`,
  });
  const columns = await readTable(client, "net.clocks");
  const omitted = Object.fromEntries(["a", "b", "c", "d", "twice"].map((name) => [name, { omit: true }]));
  const pipeline = { ...defaultPipeline({ topics: ["t"], table: "net.clocks" }), columns: omitted };
  const { clockDefaults, coordinates, deadLetters } = buildPlan(pipeline, columns, columns);
  expect(clockDefaults.map(({ name, type, expression }) => `${name} ${type.text} ${expression}`)).toEqual([
    "a DateTime64(3) now64(3)",
    "b DateTime now('UTC')",
    expect.stringMatching(/^c DateTime current_timestamp$/i),
    "d Int64 CAST(now64(3), 'Int64')",
  ]);
  expect(coordinates).toMatchObject({ topic: "kafka_topic", partition: "kafka_partition", offset: "kafka_offset" });
  expect(deadLetters.clockDefaults.map(({ name }) => name)).toEqual(["a", "b", "c", "d", "sent"]);
  expect(deadLetters.coordinates).toMatchObject({
    topic: "topic",
    partition: "kafka_partition",
    offset: "kafka_offset",
  });
  const textual = columns.map((column) => (column.name === "kafka_offset" ? { ...column, type: "String" } : column));
  expect(buildPlan(pipeline, textual, columns).coordinates).toBeUndefined();
});

it("says what to do when there is no such table", async () => {
  await expect(readTable(client, "net.absent")).rejects.toMatchObject({
    code: "E_PLAN",
    message: expect.stringMatching(/net\.absent does not exist.*millrace migrate/s),
  });
});
