import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { queryRows } from "../clients/clickhouse/query-rows.ts";
import { migrate } from "../operate/migrations/migrate.ts";
import { brokersToTest, type IngestServers } from "../testing/ingest-servers.ts";
import { runMillrace } from "../testing/run-millrace.ts";

describe("millrace doctor", { timeout: 120_000 }, () => {
  let servers: IngestServers;

  beforeAll(async () => {
    const [embedded] = await brokersToTest();
    servers = await embedded![1]();
    const admin = new Kafka({ brokers: [servers.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "flow", numPartitions: 2 }] });
    await admin.disconnect();
  });
  afterAll(() => servers.close());

  const doctor = (...args: string[]) => runMillrace(["doctor", ...args], servers.env);
  const direct = ["--topic", "flow", "--table", "net.flow"];

  it("only reads servers that are named, and says what keeps the ingester from running", async () => {
    const run = await doctor("--json");
    expect([run.stderr, run.code]).toEqual(["", 1]);
    expect(JSON.parse(run.stdout).guarantee).toMatch(/^not running: analytics\.fact_event/);
    const unmade = await doctor(...direct);
    expect([unmade.stderr, unmade.code]).toEqual(["", 1]);
    expect(unmade.stdout).toMatch(/^✗ analytics\.fact_event_dlq +Millrace's own tables are not there yet/m);
    expect(unmade.stdout).toMatch(/^✗ net\.flow +Table net\.flow does not exist/m);
    expect(await queryRows(servers.client, "EXISTS DATABASE analytics")).toEqual([{ result: 0 }]);
  });

  it("prints what weakens the guarantee with the statement that heals it, which it does", async () => {
    await migrate(servers.client);
    await servers.client.command({ query: "CREATE DATABASE net" });
    const columns = "id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64";
    await servers.client.command({ query: `CREATE TABLE net.flow (${columns}) ENGINE = MergeTree ORDER BY id` });
    const weak = await doctor(...direct, "--require", "exactly-once");
    expect([weak.stderr, weak.code]).toEqual(["", 1]);
    expect(weak.stdout).toContain("✗ net.flow");
    expect(weak.stdout).toContain("guarantee: at-least-once");
    const [statement] = /ALTER TABLE net\.flow [^;]+/.exec(weak.stdout)!;
    await servers.client.command({ query: statement });
    const healed = await doctor(...direct, "--require", "exactly-once", "--json");
    expect([healed.stderr, healed.code]).toEqual(["", 0]);
    const { guarantee, findings } = JSON.parse(healed.stdout);
    expect(guarantee).toBe("exactly-once");
    expect(findings).toContainEqual(
      expect.objectContaining({ code: "table.window-span", severity: "ok", where: "net.flow" }),
    );
  });

  it.concurrent("refuses what start refuses", async () => {
    const run = await doctor("--require", "luck");
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining("--require luck")]);
  });

  it.concurrent("starts, prepares and stops the embedded servers where none are named", async () => {
    const dir = await mkdtemp(join(tmpdir(), "millrace-doctor-"));
    const run = await runMillrace(["doctor", "--require", "exactly-once"], { MILLRACE_DIR: dir });
    await rm(dir, { recursive: true, force: true });
    expect([run.stdout.includes("guarantee: exactly-once"), run.code]).toEqual([true, 0]);
  });
});
