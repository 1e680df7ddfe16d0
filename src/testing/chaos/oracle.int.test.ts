import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectClickHouse } from "../../clients/clickhouse/connect.ts";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { type ClickHouseServer, startClickHouse } from "../../embedded/clickhouse/server.ts";
import { migrate } from "../../operate/migrations/migrate.ts";
import { describeDifference, judgeAggregates } from "./aggregates.ts";
import { judgeDelivery, type LogBounds, type RecordTable } from "./oracle.ts";
import { forgetTokens, setWindows } from "./tokens.ts";

const facts = "analytics.fact_event";
const deadLetterTable = "analytics.fact_event_dlq";
const coordinates = { topic: "topic", partition: "kafka_partition", offset: "kafka_offset" };
const tables: RecordTable[] = [
  { table: facts, ...coordinates },
  { table: deadLetterTable, ...coordinates },
];
const logs: LogBounds[] = [
  { topic: "logs.auth", partition: 0, first: 0, end: 1_000 },
  { topic: "logs.auth", partition: 1, first: 50, end: 60 },
];

let folder: string;
let server: ClickHouseServer;
let client: ClickHouseClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-oracle-"));
  server = await startClickHouse({ port: 0, dataDir: folder });
  client = connectClickHouse({ url: `http://127.0.0.1:${server.port}`, user: undefined, password: undefined }, 4);
  await migrate(client);
});

afterAll(async () => {
  await client.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** 900 facts and 100 dead letters in one partition, 10 facts in the other: each record of the logs once. */
beforeEach(async () => {
  const views = await queryRows<{ name: string }>(
    client,
    "SELECT name FROM system.tables WHERE database = 'analytics' AND engine LIKE '%MergeTree'",
  );
  for (const { name } of views) {
    if (name !== "millrace_migrations") await client.command({ query: `TRUNCATE TABLE analytics.${name}` });
  }
  await addFacts("numbers(1000)", "logs.auth", 0, "number % 10 != 3");
  await addFacts("numbers(50, 10)", "logs.auth", 1, "1");
  await client.command({
    query: `INSERT INTO ${deadLetterTable} (ingest_ts, processed_ts, error_type, topic, kafka_partition, kafka_offset)
      SELECT now64(3), now64(3), 'json_parse_failed', 'logs.auth', 0, number FROM numbers(1000) WHERE number % 10 = 3`,
  });
});

function addFacts(numbers: string, topic: string, partition: number, where: string) {
  return client.command({
    query: `INSERT INTO ${facts} (event_ts, ingest_ts, processed_ts, service, status_code, topic, kafka_partition, kafka_offset)
      SELECT now64(3) - number / 10, now64(3), now64(3), concat('s', toString(number % 3)), 200 + 100 * (number % 4),
        '${topic}', ${partition}, number FROM ${numbers} WHERE ${where}`,
  });
}

async function findings() {
  const aggregates = await judgeAggregates(client);
  return aggregates.filter(({ differing }) => differing > 0).map(({ table }) => table);
}

describe("the oracle of the chaos run", () => {
  it("is content when each record is in one table once and the aggregates agree", async () => {
    const verdict = await judgeDelivery(client, logs, tables);
    expect(verdict).toEqual({
      expected: 1_010,
      stored: { [facts]: 910, [deadLetterTable]: 100 },
      missing: 0,
      duplicate: 0,
      foreign: 0,
      spans: [],
    });
    const aggregates = await judgeAggregates(client);
    expect(aggregates.map(({ table }) => table)).toEqual(
      expect.arrayContaining([
        "analytics.millrace_arrival_10s",
        "analytics.millrace_event_1m",
        "analytics.millrace_dead_1m",
      ]),
    );
    expect(aggregates.map(({ differing }) => differing)).toEqual(aggregates.map(() => 0));
    // Only what depends on the order of merges is left out.
    const left = aggregates.flatMap(({ skipped }) => Object.values(skipped));
    expect(new Set(left)).toEqual(new Set(["quantileTDigest depends on the order or is approximate"]));
    expect(aggregates.every(({ compared }) => compared.length >= 4)).toBe(true);
  });

  it("finds one missing row, and the aggregates that still count it", async () => {
    await client.command({ query: `DELETE FROM ${facts} WHERE kafka_partition = 0 AND kafka_offset = 500` });
    const verdict = await judgeDelivery(client, logs, tables);
    expect(verdict).toMatchObject({ missing: 1, duplicate: 0, foreign: 0 });
    expect(verdict.spans).toEqual([
      { kind: "missing", topic: "logs.auth", partition: 0, first: 500, last: 500, rows: {} },
    ]);
    expect(await findings()).toEqual(["analytics.millrace_arrival_10s", "analytics.millrace_event_1m"]);
  });

  it("finds missing rows at both ends of a log and a whole missing partition", async () => {
    await client.command({
      query: `DELETE FROM ${facts} WHERE kafka_partition = 1 OR kafka_offset < 2 OR kafka_offset = 999`,
    });
    const { missing, spans } = await judgeDelivery(client, logs, tables);
    expect(missing).toBe(13);
    expect(spans.map(({ partition, first, last }) => [partition, first, last])).toEqual([
      [0, 0, 1],
      [0, 999, 999],
      [1, 50, 59],
    ]);
  });

  it("finds one doubled row, in one table or across two", async () => {
    await addFacts("numbers(7, 1)", "logs.auth", 0, "1");
    await addFacts("numbers(3, 1)", "logs.auth", 0, "1"); // a dead letter already
    const verdict = await judgeDelivery(client, logs, tables);
    expect(verdict).toMatchObject({ missing: 0, duplicate: 2, foreign: 0 });
    expect(verdict.spans).toEqual([
      {
        kind: "doubled",
        topic: "logs.auth",
        partition: 0,
        first: 3,
        last: 3,
        rows: { [facts]: 1, [deadLetterTable]: 1 },
      },
      { kind: "doubled", topic: "logs.auth", partition: 0, first: 7, last: 7, rows: { [facts]: 2 } },
    ]);
    expect(await findings()).toEqual([]);
  });

  it("finds rows of records that no log has", async () => {
    await addFacts("numbers(1000, 2)", "logs.auth", 0, "1");
    await addFacts("numbers(1)", "logs.other", 0, "1");
    const verdict = await judgeDelivery(client, logs, tables);
    expect(verdict).toMatchObject({ missing: 0, duplicate: 0, foreign: 3 });
    expect(verdict.spans.map(({ kind, topic, first, last }) => [kind, topic, first, last])).toEqual([
      ["foreign", "logs.auth", 1_000, 1_001],
      ["foreign", "logs.other", 0, 0],
    ]);
  });

  it("finds one wrong aggregate and says which column", async () => {
    await client.command({
      query: `INSERT INTO analytics.millrace_event_1m (bucket, service, fails_cnt)
        SELECT bucket, service, 1 FROM analytics.millrace_event_1m GROUP BY bucket, service ORDER BY bucket, service LIMIT 1`,
    });
    const wrong = (await judgeAggregates(client)).filter(({ differing }) => differing > 0);
    expect(wrong.map(({ table, differing }) => [table, differing])).toEqual([["analytics.millrace_event_1m", 1]]);
    expect(describeDifference(wrong[0]!.differences[0]!)).toMatch(/service=s0: fails_cnt 1 instead of 0$/);
  });

  it("finds a key that is missing from an aggregate", async () => {
    await client.command({ query: "DELETE FROM analytics.millrace_dead_1m WHERE 1" });
    const wrong = (await judgeAggregates(client)).filter(({ differing }) => differing > 0);
    expect(wrong.map(({ table }) => table)).toEqual(["analytics.millrace_dead_1m"]);
    expect(describeDifference(wrong[0]!.differences[0]!)).toContain("nothing is stored");
  });
});

describe("forgetTokens()", () => {
  const insert = async (token: string) => {
    await client.command({
      query: `INSERT INTO ${deadLetterTable} (ingest_ts, processed_ts, error_type, topic, kafka_partition, kafka_offset)
        SELECT now64(3), now64(3), 'x', 'logs.other', 0, 1`,
      clickhouse_settings: { insert_deduplicate: 1, insert_deduplication_token: token },
    });
    const query = `SELECT count() AS rows FROM ${deadLetterTable} WHERE topic = 'logs.other'`;
    return Number((await queryRows<{ rows: string }>(client, query))[0]!.rows);
  };

  it("lets an old token through again, and the window keep its size", async () => {
    expect(await insert("a:0:1-1")).toBe(1);
    expect(await insert("a:0:1-1")).toBe(1);
    expect(await insert("b:0:1-1")).toBe(2);
    await forgetTokens(client);
    expect(await insert("a:0:1-1")).toBe(3);
    expect(await insert("c:0:1-1")).toBe(4);
    expect(await insert("a:0:1-1")).toBe(4);
  });

  it("has nothing to forget where the window is turned off: every repeat is a row", async () => {
    await setWindows(client, 0);
    expect(await insert("a:0:1-1")).toBe(1);
    expect(await insert("a:0:1-1")).toBe(2);
    await forgetTokens(client);
    expect(await insert("a:0:1-1")).toBe(3);
  });
});
