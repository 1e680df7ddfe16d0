import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { type KafkaConfig, logLevel } from "kafkajs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { measureClockOffset } from "../../clients/clickhouse/clock-offset.ts";
import { connectClickHouse } from "../../clients/clickhouse/connect.ts";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { type ClickHouseServer, startClickHouse } from "../../embedded/clickhouse/server.ts";
import { startKafkaBroker } from "../../embedded/kafka/server.ts";
import { insertOnce } from "../../ingest/sink/insert.ts";
import { readNewerSettings } from "../../ingest/sink/insert-settings.ts";
import { readShape } from "../../ingest/sink/table-shape.ts";
import { buildPlan } from "../../schema/build-plan.ts";
import { deadLetterTable, defaultPipeline } from "../../schema/pipeline.ts";
import { readTable } from "../../schema/read-table.ts";
import { migrate } from "../migrations/migrate.ts";
import type { SetUp } from "./facts.ts";
import type { Finding, FindingCode } from "./finding.ts";
import { requireGuarantee, runDoctor } from "./run-doctor.ts";
import * as fixtures from "./testing/fixtures.ts";

/**
 * The doctor against the real engine. For each set-up it is first shown that a repeated insert does count twice there,
 * then the printed remedy is pasted, and the repeat counts once: neither the finding nor the remedy is a matter of opinion.
 */

const window = "SETTINGS non_replicated_deduplication_window = 100000";
const columns = "id Int32, kafka_topic String, kafka_partition Int32, kafka_offset Int64";

let dataDir: string;
let server: ClickHouseServer;
let broker: Awaited<ReturnType<typeof startKafkaBroker>>;
let client: ClickHouseClient;
let kafka: KafkaConfig;
let newerSettings: Awaited<ReturnType<typeof readNewerSettings>>;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-doctor-"));
  server = await startClickHouse({ port: 0, dataDir: join(dataDir, "clickhouse") });
  broker = await startKafkaBroker({ port: 0, dataDir: join(dataDir, "kafka") });
  client = connectClickHouse({ url: `http://127.0.0.1:${server.port}`, user: undefined, password: undefined }, 4);
  kafka = { brokers: [`127.0.0.1:${broker.port}`], clientId: "millrace", logLevel: logLevel.NOTHING };
  await migrate(client);
  newerSettings = await readNewerSettings(client);
});
afterAll(async () => {
  await client.close();
  await broker.close();
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});
beforeEach(async () => {
  await run("DROP DATABASE IF EXISTS d");
  await run("CREATE DATABASE d");
});

async function run(statement: string): Promise<void> {
  await client.command({ query: statement });
}

async function countOf(table: string): Promise<number> {
  return Number((await queryRows<{ rows: string }>(client, `SELECT count() AS rows FROM ${table}`))[0]!.rows);
}

/** Inserts one row with this id, 0 to 255, into d.target. */
async function insertRow(id: number, token: string): Promise<void> {
  const body = {
    table: "d.target",
    columns: [{ name: "id", type: { text: "Int32" } }],
    format: "RowBinary",
    bytes: Uint8Array.from([id, 0, 0, 0]),
    rowCount: 1,
  };
  const terms = {
    token,
    deadlineMs: Date.now() + 60_000,
    shape: await readShape(client, "d.target"),
    share: undefined,
    isLoud: false,
    partitionsMax: 100,
    newerSettings,
  };
  await insertOnce(client, body, terms);
}

/** How many rows of `proof` two inserts of the same range into d.target make. */
async function rowsOfRepeat(proof: string, token: string): Promise<number> {
  const before = await countOf(proof);
  await insertRow(7, token);
  await insertRow(7, token);
  return (await countOf(proof)) - before;
}

async function setUp(changes: Partial<SetUp> = {}): Promise<SetUp> {
  const pipeline = defaultPipeline({ topics: ["flow"], table: "d.target" });
  const plan = buildPlan(pipeline, await readTable(client, "d.target"), await readTable(client, deadLetterTable));
  return fixtures.setUp({
    plans: [plan],
    groupId: "millrace.d.target",
    embedded: { kafka: true, clickHouse: true },
    brokers: kafka.brokers as string[],
    creatableTopics: ["flow"],
    ...changes,
  });
}

async function examined(changes: Partial<SetUp> = {}) {
  return runDoctor({ client, kafka, setUp: await setUp(changes) });
}

async function paste({ remedy }: Finding): Promise<void> {
  for (const line of remedy!) if (!line.startsWith("--")) await run(line.replace(/;$/, ""));
}

const good = `CREATE TABLE d.target (${columns}) ENGINE = MergeTree ORDER BY id ${window}`;
const view = (select: string) => `CREATE MATERIALIZED VIEW d.view TO d.behind AS SELECT ${select} FROM d.target`;

describe("runDoctor()", () => {
  it("finds nothing that weakens a table with a window, behind a view as well", async () => {
    await run(good);
    await run(`CREATE TABLE d.behind (id Int32, rows UInt64) ENGINE = SummingMergeTree ORDER BY id ${window}`);
    await run(`${view("id, count() AS rows")} GROUP BY id`);
    const { guarantee, findings } = await examined();
    expect([guarantee, findings.filter(({ severity }) => severity !== "ok" && severity !== "notice")]).toEqual([
      "exactly-once",
      [],
    ]);
    expect(findings.find(({ where }) => where === "d.behind")?.code).toBe("table.window-span");
    expect(await rowsOfRepeat("d.behind", "flow:0:1-1")).toBe(1);
  });

  it.each<[name: string, setUp: string[], where: string, code: FindingCode]>([
    ["no window", [good.replace(window, "")], "d.target", "table.window"],
    ["engine Log", [`CREATE TABLE d.target (${columns}) ENGINE = Log`], "d.target", "table.engine"],
    [
      "a view into a table without a window",
      [good, "CREATE TABLE d.behind (id Int32) ENGINE = MergeTree ORDER BY id", view("id")],
      "d.behind",
      "table.window",
    ],
    [
      "a view into a Log table",
      [good, "CREATE TABLE d.behind (id Int32) ENGINE = Log", view("id")],
      "d.behind",
      "table.engine",
    ],
    [
      "a partition key that is a random number",
      [
        `CREATE TABLE d.target (${columns}, shard UInt32 MATERIALIZED rand()) ENGINE = MergeTree PARTITION BY shard ORDER BY id ${window}`,
      ],
      "d.target",
      "table.partition-key",
    ],
    [
      "a view that partitions by chance, through two aliases",
      [
        good,
        `CREATE TABLE d.behind (id Int32, bucket UInt32) ENGINE = MergeTree PARTITION BY bucket ORDER BY id ${window}`,
        `CREATE MATERIALIZED VIEW d.view TO d.behind AS WITH rand() AS chance SELECT id, chance % 1000003 AS bucket FROM d.target`,
      ],
      "d.behind",
      "table.partition-key",
    ],
  ])("finds %s, where a repeat does count twice, and its remedy heals it", async (_name, statements, where, code) => {
    for (const statement of statements) await run(statement);
    expect(await rowsOfRepeat(where, "flow:0:1-1")).toBe(2);
    const sick = await examined();
    const finding = sick.findings.find(({ severity }) => severity === "weakens");
    expect([sick.guarantee, finding?.code, finding?.where]).toEqual(["at-least-once", code, where]);
    expect(() => requireGuarantee(sick.findings, "exactly-once")).toThrow(
      finding!.remedy!.at(-2) ?? finding!.remedy![0],
    );
    await paste(finding!);
    const healed = await examined();
    expect([healed.guarantee, healed.findings.filter(({ severity }) => severity === "weakens")]).toEqual([
      "exactly-once",
      [],
    ]);
    requireGuarantee(healed.findings, "exactly-once");
    expect(await rowsOfRepeat(where, "flow:0:2-2")).toBe(1);
  });

  it("follows chains of views, tables of views, and Null, which passes each insert on once", async () => {
    await run(`CREATE TABLE d.target (${columns}) ENGINE = Null`);
    await run(`CREATE TABLE d.middle (id Int32) ENGINE = MergeTree ORDER BY id ${window}`);
    await run("CREATE MATERIALIZED VIEW d.view TO d.middle AS SELECT id FROM d.target");
    await run("CREATE MATERIALIZED VIEW d.last ENGINE = MergeTree ORDER BY id AS SELECT id FROM d.middle");
    await run("CREATE MATERIALIZED VIEW d.over ENGINE = MergeTree ORDER BY id AS SELECT id FROM d.view");
    const { findings } = await examined();
    const weak = findings.filter(({ severity }) => severity === "weakens");
    expect(weak.map(({ code, where }) => [code, where.replace(/inner_id.*/, "inner_id")])).toEqual([
      ["table.window", "d..inner_id"],
    ]);
    expect(findings.find(({ where }) => where === "d.over")).toMatchObject({ code: "view.kind", severity: "notice" });
    expect(await rowsOfRepeat("d.last", "flow:0:1-1")).toBe(2);
    await paste(weak[0]!);
    expect((await examined()).guarantee).toBe("exactly-once");
    expect(await rowsOfRepeat("d.last", "flow:0:2-2")).toBe(1);
    expect(await rowsOfRepeat("d.over", "flow:0:3-3")).toBe(0);
  });

  it("computes the window's span from the inserts that were made, where these are more than the estimate", async () => {
    await run(good.replace("= 100000", "= 20"));
    for (let id = 0; id < 12; id += 1) await insertRow(id, `${id}`);
    const slow = { name: "slow", flushRows: 5_000_000, flushIntervalMs: 60_000, insertsMax: 1, bytesMax: 200_000_000 };
    const { findings } = await examined({ profile: slow, vcpus: 1 });
    const finding = findings.find(({ code }) => code === "table.window-span")!;
    expect([finding.severity, finding.found]).toEqual(["weakens", expect.stringContaining("(measured)")]);
    await paste(finding);
    expect((await examined()).guarantee).toBe("exactly-once");
  });

  it("says that rows without coordinates prove nothing", async () => {
    await run(`CREATE TABLE d.target (id Int32, level String DEFAULT 'INFO') ENGINE = MergeTree ORDER BY id ${window}`);
    const { guarantee, findings } = await examined();
    expect(guarantee).toBe("exactly-once");
    const coordinates = findings.find(({ code, where }) => code === "table.coordinates" && where === "d.target")!;
    expect(coordinates.severity).toBe("notice");
    await paste(coordinates);
    expect(
      (await examined()).findings.find(({ where, code }) => where === "d.target" && code === "table.coordinates")
        ?.severity,
    ).toBe("ok");
  });

  it("says what does not run: a target that is gone behind its view, a Kafka and a ClickHouse that do not answer", async () => {
    await run(good);
    await run("CREATE TABLE d.behind (id Int32) ENGINE = MergeTree ORDER BY id");
    await run(view("id"));
    await run("DROP TABLE d.behind");
    expect((await examined()).guarantee).toMatch(/^not running: d\.behind: .*d\.view writes into it/);
    const nowhere = { ...kafka, brokers: ["127.0.0.1:1"], retry: { retries: 0 } };
    const closed = connectClickHouse({ url: "http://127.0.0.1:1", user: undefined, password: undefined }, 1);
    const { guarantee, findings } = await runDoctor({ client: closed, kafka: nowhere, setUp: await setUp() });
    await closed.close();
    expect(guarantee).toMatch(/^not running: ClickHouse/);
    expect(findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["clickhouse.unreachable", "kafka.unreachable"]),
    );
    expect(() => requireGuarantee(findings, "at-least-once")).toThrow("CLICKHOUSE_URL");
  });
});

describe("measureClockOffset()", () => {
  it("finds no offset to a server on this machine, within what the round trips allow", async () => {
    const { offsetMs, uncertaintyMs } = await measureClockOffset(client);
    expect(Math.abs(offsetMs)).toBeLessThanOrEqual(uncertaintyMs + 1);
    expect(uncertaintyMs).toBeLessThan(1_000);
  });
});
