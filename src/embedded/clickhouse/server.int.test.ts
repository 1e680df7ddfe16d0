/** Tests of the embedded server through the official client; the engine is the real one, in this process. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClickHouseServer, startClickHouse } from "./server.ts";

let dataDir: string;
let server: ClickHouseServer;
let client: ClickHouseClient;

async function start(): Promise<void> {
  server = await startClickHouse({ port: 0, dataDir });
  const compression = { request: true, response: true };
  client = createClient({
    url: `http://127.0.0.1:${server.port}`,
    compression,
    log: { level: ClickHouseLogLevel.OFF },
  });
}

async function stop(): Promise<void> {
  await client.close();
  await server.close();
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-clickhouse-test-"));
  await start();
  await client.command({
    query: `CREATE TABLE events (id UInt32, name String DEFAULT concat('n', toString(id))) ENGINE = MergeTree ORDER BY id
      SETTINGS non_replicated_deduplication_window = 100`,
  });
  await client.command({
    query: `CREATE TABLE ids (id UInt32) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100`,
  });
  await client.command({ query: "CREATE MATERIALIZED VIEW ids_view TO ids AS SELECT id FROM events" });
});

afterAll(async () => {
  await stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** RowBinary of (UInt32, String) rows: the id and a one-letter name. */
function rowBinary(firstId: number, rows: number): Buffer {
  const bytes = Buffer.alloc(rows * 6);
  for (let row = 0; row < rows; row++) {
    bytes.writeUInt32LE(firstId + row, row * 6);
    bytes.set([1, 65 + (row % 26)], row * 6 + 4);
  }
  return bytes;
}

async function insertBinary(
  bytes: Buffer,
  sql = "INSERT INTO events FORMAT RowBinary",
  token?: string,
): Promise<number> {
  const result = await client.exec({
    query: sql,
    values: Readable.from(chunksOf(bytes), { objectMode: false }),
    clickhouse_settings: {
      ...(token === undefined ? {} : { insert_deduplication_token: token }),
      deduplicate_blocks_in_dependent_materialized_views: 1,
    },
  });
  await result.stream.toArray();
  return Number(result.summary?.written_rows);
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
}

async function rowsOf<T>(query: string, parameters: Record<string, unknown> = {}): Promise<T[]> {
  const result = await client.query({ query, format: "JSONEachRow", query_params: parameters });
  return result.json<T>();
}

async function count(condition: string, table = "events"): Promise<number> {
  const rows = await rowsOf<{ rows: string }>(`SELECT count() AS rows FROM ${table} WHERE ${condition}`);
  return Number(rows[0]!.rows);
}

describe("the embedded server with @clickhouse/client", () => {
  it("answers pings and queries with bound parameters of several types", async () => {
    expect(await client.ping()).toEqual({ success: true });
    const rows = await rowsOf("SELECT {n:UInt8} + 1 AS n, {s:String} AS s, {a:Array(String)} AS a, timezone() AS z", {
      n: 41,
      s: "it's \\ a\ttab; {x:UInt8}",
      a: ["x", "y'z"],
    });
    expect(rows).toEqual([{ n: 42, s: "it's \\ a\ttab; {x:UInt8}", a: ["x", "y'z"], z: "UTC" }]);
  });

  it("inserts JSONEachRow through the client's own encoder, with defaults for omitted fields", async () => {
    const result = await client.insert({
      table: "events",
      values: [{ id: 1 }, { id: 2, name: "two" }],
      format: "JSONEachRow",
    });
    // Two rows in the table and two in the view's target.
    expect(result.summary?.written_rows).toBe("4");
    expect(await rowsOf("SELECT * FROM events WHERE id IN (1, 2) ORDER BY id")).toEqual([
      { id: 1, name: "n1" },
      { id: 2, name: "two" },
    ]);
  });

  it("streams a RowBinary body of 150 000 rows", async () => {
    const rows = 150_000;
    expect(await insertBinary(rowBinary(1_000_000, rows))).toBe(rows * 2);
    expect(await count("id >= 1000000 AND id < 1150000")).toBe(rows);
    const [sum] = await rowsOf<{ sum: number }>(
      "SELECT sum(id) AS sum FROM events WHERE id >= 1000000 AND id < 1150000",
    );
    expect(sum!.sum).toBe((rows * (1_000_000 + 1_149_999)) / 2);
  });

  it("ignores a second insert with the same token, in the table and behind its materialized view", async () => {
    await insertBinary(rowBinary(100, 10), undefined, "token-1");
    await insertBinary(rowBinary(100, 10), undefined, "token-1");
    expect(await count("id BETWEEN 100 AND 109")).toBe(10);
    expect(await count("id BETWEEN 100 AND 109", "ids")).toBe(10);
    await insertBinary(rowBinary(100, 10), undefined, "token-2");
    expect(await count("id BETWEEN 100 AND 109")).toBe(20);
  });

  it("writes nothing from a fenced insert that comes late, and leaves its token unused", async () => {
    const fenced = (isOpen: boolean) =>
      `INSERT INTO events SELECT * FROM input('id UInt32, name String') WHERE (SELECT ${isOpen}) FORMAT RowBinary`;
    expect(await insertBinary(rowBinary(200, 10), fenced(false), "fence")).toBe(0);
    expect(await count("id BETWEEN 200 AND 209")).toBe(0);
    expect(await insertBinary(rowBinary(200, 10), fenced(true), "fence")).toBe(20);
    await insertBinary(rowBinary(200, 10), fenced(true), "fence");
    expect(await count("id BETWEEN 200 AND 209")).toBe(10);
    expect(await count("id BETWEEN 200 AND 209", "ids")).toBe(10);
  });

  it("evaluates DEFAULT expressions where RowBinaryWithDefaults says so", async () => {
    // Row 300 asks for the default name, row 301 brings its own.
    const bytes = Buffer.from([0, 44, 1, 0, 0, 1, 0, 45, 1, 0, 0, 0, 1, 66]);
    expect(await insertBinary(bytes, "INSERT INTO events FORMAT RowBinaryWithDefaults")).toBe(4);
    expect(await rowsOf("SELECT * FROM events WHERE id IN (300, 301) ORDER BY id")).toEqual([
      { id: 300, name: "n300" },
      { id: 301, name: "B" },
    ]);
  });

  it.each(["Native", "Parquet", "ArrowStream", "RowBinaryWithNamesAndTypes", "CSVWithNames"] as const)(
    "takes back what it gave in %s",
    async (format) => {
      const given = await client.exec({
        query: `SELECT toUInt32(400 + number) AS id, 'é' AS name FROM numbers(3) FORMAT ${format}`,
      });
      const bytes = Buffer.concat(await given.stream.toArray());
      await client.command({ query: "TRUNCATE TABLE IF EXISTS copy" });
      await client.command({ query: "CREATE TABLE IF NOT EXISTS copy AS events ENGINE = Memory" });
      expect(await insertBinary(bytes, `INSERT INTO copy FORMAT ${format}`)).toBe(3);
      expect(await rowsOf("SELECT name, sum(id) AS s FROM copy GROUP BY name")).toEqual([{ name: "é", s: 1203 }]);
    },
  );

  it("accepts empty insert bodies", async () => {
    expect(await insertBinary(Buffer.alloc(0))).toBe(0);
  });

  it("keeps settings, parameters and the database of one query away from the next", async () => {
    const changed = "SELECT name FROM system.settings WHERE changed AND name IN ('max_threads', 'max_block_size')";
    const before = await rowsOf(changed);
    await client.command({ query: "CREATE DATABASE IF NOT EXISTS other" });
    for (let round = 0; round < 4; round++) {
      const result = await client.query({
        query: "SELECT getSetting('max_threads') AS t, {leak:UInt8} AS p, currentDatabase() AS d",
        format: "JSONEachRow",
        clickhouse_settings: { max_threads: 7 },
        query_params: { leak: 5 },
        http_headers: { "X-ClickHouse-Database": "other" },
      });
      expect(await result.json()).toEqual([{ t: 7, p: 5, d: "other" }]);
      await client.command({ query: "SET max_block_size = 99" });
      await client.command({ query: "USE other" });
    }
    expect(await rowsOf(changed)).toEqual(before);
    expect(await rowsOf("SELECT currentDatabase() AS d")).toEqual([{ d: "default" }]);
    await expect(rowsOf("SELECT {leak:UInt8}")).rejects.toMatchObject({ code: "456" });
  });

  it("runs four queries at a time, in less than the sum of their times", async () => {
    const startedMs = performance.now();
    await Promise.all([1, 2, 3, 4].map(() => client.command({ query: "SELECT sleep(0.4)" })));
    expect(performance.now() - startedMs).toBeLessThan(1_200);
  });

  it("survives many connections opening and closing under parallel inserts and reads", async () => {
    const inserts = Array.from({ length: 40 }, (_, index) => insertBinary(rowBinary(500_000 + index * 10, 10)));
    const reads = Array.from({ length: 40 }, () => count("id < 10"));
    await Promise.all([...inserts, ...reads]);
    expect(await count("id >= 500000 AND id < 500400")).toBe(400);
  });

  it.each([
    ["SELECT * FROM missing", "60", "UNKNOWN_TABLE"],
    ["SELECT * FROM missing.t", "81", "UNKNOWN_DATABASE"],
    ["SELEC 1", "62", "SYNTAX_ERROR"],
    ["SELECT throwIf(1)", "395", "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"],
  ])("reports %s as the client's error with code %s", async (query, code, type) => {
    await expect(rowsOf(query)).rejects.toMatchObject({ code, type });
  });

  it("logs queries in system.query_log, and not its own", async () => {
    await rowsOf("SELECT 'find me' FROM events LIMIT 1", {});
    const find = `SELECT type, query_kind, result_rows, tables, exception_code FROM system.query_log
      WHERE query LIKE 'SELECT \\'find me%' AND event_date >= today() - 1`;
    await expect
      .poll(async () => rowsOf(find), { timeout: 20_000, interval: 300 })
      .toEqual([
        { type: "QueryFinish", query_kind: "Select", result_rows: 1, tables: ["default.events"], exception_code: 0 },
      ]);
    const failed = await rowsOf("SELECT DISTINCT type FROM system.query_log WHERE exception_code = 60");
    expect(failed).toEqual([{ type: "ExceptionBeforeStart" }]);
    expect(await rowsOf("SELECT count() AS n FROM system.query_log WHERE has(tables, 'system_log.query_log')")).toEqual(
      [{ n: 0 }],
    );
  });

  it("keeps data, tokens and the query log over a restart", async () => {
    await insertBinary(rowBinary(700, 5), undefined, "kept");
    await stop();
    await start();
    await insertBinary(rowBinary(700, 5), undefined, "kept");
    expect(await count("id BETWEEN 700 AND 704")).toBe(5);
    expect(await count("query LIKE '%find me%'", "system.query_log")).toBeGreaterThan(0);
  });
});
