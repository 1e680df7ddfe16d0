/** A topic and a table followed while somebody writes into them: everything is shown once, and no group comes to be. */

import { CompressionTypes } from "kafkajs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nodeInflaters } from "../../../workers/inflaters.ts";
import { commandKafkaConfig } from "../../clients/kafka/command-admin.ts";
import { createLog } from "../../telemetry/log.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { findTarget } from "./find-target.ts";
import { firstOffsets, parseTailStart } from "./first-offsets.ts";
import type { TailedRecord } from "./read-records.ts";
import { TableReader } from "./table-reader.ts";
import { TopicReader } from "./topic-reader.ts";

const kinds = await brokersToTest();
let servers: IngestServers;
let kafka: KafkaClients;

beforeAll(async () => {
  servers = await kinds[0]![1]();
  kafka = await connectKafka(servers.brokers);
  await kafka.admin.createTopics({ topics: [{ topic: "seen", numPartitions: 2 }] });
  await servers.client.command({ query: "CREATE DATABASE seen" });
  await servers.client.command({
    query:
      "CREATE TABLE seen.rows (id UInt32, who String, at DateTime64(3) DEFAULT now64(3)) ENGINE = MergeTree ORDER BY id",
  });
}, 90_000);

afterAll(async () => {
  await kafka?.close();
  await servers?.close();
});

async function openTopic(from: string, partitions?: number[]): Promise<TopicReader> {
  const next = await firstOffsets(kafka.admin, "seen", parseTailStart(from, Date.now()), partitions);
  const config = commandKafkaConfig([servers.brokers], "test-tail", createLog("silent"), undefined);
  return new TopicReader({ kafka: config, admin: kafka.admin, topic: "seen", next, inflaters: nodeInflaters });
}

async function roundOf(reader: TopicReader): Promise<TailedRecord[]> {
  return (await Array.fromAsync(reader.round(() => {}))).flat();
}

const shown = (records: TailedRecord[]) =>
  records.map(({ partition, offset, key, value, headers }) => [
    `${partition}:${offset}`,
    ...[key, value].map((bytes) => (bytes === undefined ? null : Buffer.from(bytes).toString())),
    headers.map(([name, bytes]) => `${name}=${Buffer.from(bytes ?? []).toString()}`).join(),
  ]);

it("shows the records of a topic once, with key and headers, from where it was told, and joins no group", async () => {
  const send = (partition: number, value: string | null, more: object = {}) =>
    kafka.producer.send({
      topic: "seen",
      compression: CompressionTypes.GZIP,
      messages: [{ partition, value, ...more }],
    });
  await send(0, "old", { timestamp: String(Date.now() - 3_600_000) });
  const [all, late, recent, one] = await Promise.all([
    ...[openTopic("beginning"), openTopic("end"), openTopic("5m"), openTopic("beginning", [1])],
  ]);
  expect(shown(await roundOf(all!))).toEqual([["0:0", null, "old", ""]]);
  expect(await roundOf(late!)).toEqual([]);
  await send(0, "new", { key: "k", headers: { trace: "t1", more: "x" } });
  await send(1, null);
  const added = [
    ["0:1", "k", "new", "trace=t1,more=x"],
    ["1:0", null, null, ""],
  ];
  for (const reader of [all!, late!, recent!]) {
    expect(shown(await roundOf(reader))).toEqual(added);
    expect(await roundOf(reader)).toEqual([]);
  }
  expect(shown(await roundOf(one!))).toEqual([added[1]]);
  await expect(openTopic("end", [7])).rejects.toMatchObject({
    ...{ code: "E_CONFIG", message: "--partition 7: seen has the partitions 0 to 1" },
  });
  expect((await kafka.admin.listGroups()).groups).toEqual([]);
  await Promise.all([all, late, recent, one].map((reader) => reader!.close()));
});

it("shows the newest rows of a table and then what is added, each once, whatever its order", async () => {
  const { client } = servers;
  const open = (more: object = {}) =>
    TableReader.open({
      client,
      database: "seen",
      table: "rows",
      by: undefined,
      matches: [],
      fromMs: undefined,
      ...more,
    });
  const insert = (values: string) => client.command({ query: `INSERT INTO seen.rows (id, who, at) VALUES ${values}` });
  await client.command({
    query: "INSERT INTO seen.rows (id, who, at) SELECT number, 'ann', now64(3) - 600 + number FROM numbers(30)",
  });
  const [reader, filtered] = [await open(), await open({ matches: [{ field: "who", value: "bob" }] })];
  expect(reader.by).toBe("at");
  const idsOf = async (of: TableReader) => (await of.round()).rows.map(({ id }) => id);
  expect(await idsOf(reader)).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
  expect(await idsOf(filtered)).toEqual([]);
  await insert("(100, 'bob', now64(3) - INTERVAL 500 MILLISECOND), (101, 'ann', now64(3))");
  expect(await idsOf(reader)).toEqual([100, 101]);
  // Visible later than a younger row.
  await insert("(102, 'bob', now64(3) - INTERVAL 2 SECOND)");
  expect(await idsOf(reader)).toEqual([102]);
  expect(await idsOf(reader)).toEqual([]);
  expect((await idsOf(filtered)).sort()).toEqual([100, 102]);
  expect(await idsOf(await open({ fromMs: Date.now() - 60_000 }))).toEqual([102, 100, 101]);
  await client.command({ query: "INSERT INTO seen.rows (id) SELECT number + 1000 FROM numbers(600)" });
  const { rows, isCut } = await reader.round();
  expect([rows.length, isCut]).toEqual([500, true]);
});

it("knows what a name stands for, and says so when it does not", async () => {
  const { client } = servers;
  const find = (name: string, kind?: "topic" | "table") =>
    findTarget(name, kind, { admin: async () => kafka.admin, client });
  expect(await find("seen")).toEqual({ kind: "topic", topic: "seen" });
  expect(await find("seen.rows")).toEqual({ kind: "table", database: "seen", table: "rows" });
  await kafka.admin.createTopics({ topics: [{ topic: "seen.rows", numPartitions: 1 }] });
  await expect(find("seen.rows")).rejects.toMatchObject({
    code: "E_CONFIG",
    message: expect.stringContaining("--as topic"),
  });
  expect(await find("seen.rows", "topic")).toEqual({ kind: "topic", topic: "seen.rows" });
  expect(await find("seen.rows", "table")).toMatchObject({ kind: "table", table: "rows" });
  await expect(find("sene")).rejects.toMatchObject({
    code: "E_CONFIG",
    message: expect.stringContaining("is seen meant?"),
  });
  const away = { admin: () => Promise.reject(new Error("no broker")), client };
  expect(await findTarget("seen.rows", undefined, away)).toMatchObject({ kind: "table" });
  await expect(findTarget("logs", undefined, away)).rejects.toThrow("no broker");
});
