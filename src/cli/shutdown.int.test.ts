import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import { queryRows } from "../clients/clickhouse/query-rows.ts";
import { type EmbeddedServers, launchServers } from "../run/embedded-servers.ts";
import type { RunReport } from "../run/report.ts";
import { connectKafka, type KafkaClients } from "../testing/ingest-servers.ts";
import { millraceEntry } from "../testing/run-millrace.ts";

const DRAIN_MS = 4_000;
/** Loading, printing and ending cost this much more on a busy machine; who does not wait is within it. */
const SLACK_MS = 3_000;
/** How long such a machine may take to get there. */
const PATIENCE = { timeout: 60_000 };

interface Started {
  child: ChildProcess;
  errors(): string;
  /** Resolves when standard error has this text. */
  says(text: string): Promise<void>;
  /** Sends the signal; resolves with the exit code and how long the end took. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; tookMs: number }>;
}

const running: ChildProcess[] = [];

function startMillrace(args: string[], env: Record<string, string>): Started {
  const child = spawn(process.execPath, [millraceEntry, "start", ...args], {
    env: { ...process.env, MILLRACE_LOG_LEVEL: "info", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let errors = "";
  child.stdout!.resume();
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return {
    child,
    errors: () => errors,
    async says(text) {
      while (!errors.includes(text)) {
        if (child.exitCode !== null) throw new Error(`ended with code ${child.exitCode} before "${text}":\n${errors}`);
        await sleep(20);
      }
    },
    async end(signal) {
      const sentMs = performance.now();
      const closed = once(child, "close");
      child.kill(signal);
      const [code] = (await closed) as [number | null];
      return { code, tookMs: performance.now() - sentMs };
    },
  };
}

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

describe("the end of millrace start, whatever does not answer", () => {
  let folder: string;
  let servers: EmbeddedServers;
  let kafka: KafkaClients;
  let client: ClickHouseClient;
  let env: Record<string, string>;

  const pidOf = (name: string) => servers.children.find((child) => child.name === name)!.pid;
  const reportFile = () => join(folder, "report.json");
  const args = () => [
    ...["--topic", "a", "--table", "t.a", "--drain-timeout", `${DRAIN_MS}ms`],
    ...["--no-simulator", "--report", reportFile()],
  ];

  async function storedRows(): Promise<number> {
    return Number((await queryRows<{ n: string }>(client, "SELECT count() AS n FROM t.a"))[0]!.n);
  }

  /** What the group has committed; a range under way is in its metadata, as `first-last@…`. */
  async function committed() {
    const [of] = await kafka.admin.fetchOffsets({ groupId: "millrace.t.a", topics: ["a"] });
    return of!.partitions[0]!;
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-shutdown-"));
    servers = await launchServers({ kafka: true, clickHouse: true, dataDir: folder, fresh: false });
    client = connectClickHouse({ url: servers.clickHouseUrl!, user: undefined, password: undefined }, 2);
    kafka = await connectKafka(servers.kafkaBrokers![0]!);
    env = { KAFKA_BROKERS: servers.kafkaBrokers![0]!, CLICKHOUSE_URL: servers.clickHouseUrl! };
    await client.command({ query: "CREATE DATABASE t" });
    await client.command({
      query: `CREATE TABLE t.a (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
        ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 1000`,
    });
    await kafka.admin.createTopics({ topics: [{ topic: "a", numPartitions: 1 }] });
    await kafka.producer.send({ topic: "a", messages: [{ value: `{"id":1}` }] });
  });

  afterEach(async () => {
    for (const { pid } of servers.children) {
      try {
        process.kill(pid, "SIGCONT");
      } catch {
        // Killed by the test.
      }
    }
    await client.close();
    await Promise.all([servers.stop(1_000), kafka.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  it("lets an insert go that a stopped ClickHouse holds, says what is left, and the next start stores it once", async () => {
    const first = startMillrace(args(), env);
    await expect.poll(storedRows, PATIENCE).toBe(1);
    process.kill(pidOf("clickhouse"), "SIGSTOP");
    await kafka.producer.send({ topic: "a", messages: [{ value: `{"id":2}` }, { value: `{"id":3}` }] });
    // Announced; the insert begins when the announcement is answered.
    await expect.poll(async () => (await committed()).metadata, PATIENCE).toMatch(/ 1-2@/);
    await sleep(500);
    const { code, tookMs } = await first.end("SIGTERM");
    expect(tookMs).toBeLessThan(DRAIN_MS + SLACK_MS);
    expect(code).toBe(1);
    expect(first.errors()).toContain("1 range, 2 records of a:0");
    const report: RunReport = JSON.parse(await readFile(reportFile(), "utf8"));
    expect(report).toMatchObject({ left: { ranges: 1, records: 2, partitions: ["a:0"] }, missing: null });

    process.kill(pidOf("clickhouse"), "SIGCONT");
    const second = startMillrace([...args(), "--until-end"], env);
    const [again] = await once(second.child, "close");
    expect(again, second.errors()).toBe(0);
    expect(await storedRows()).toBe(3);
  }, 180_000);

  it("does not wait for a Kafka that is gone when nothing is under way", async () => {
    const started = startMillrace(args(), env);
    await expect.poll(storedRows, PATIENCE).toBe(1);
    await expect.poll(committed, PATIENCE).toMatchObject({ offset: "1", metadata: expect.not.stringContaining("@") });
    process.kill(pidOf("kafka"), "SIGKILL");
    await sleep(3_000);
    const { code, tookMs } = await started.end("SIGTERM");
    expect(tookMs).toBeLessThan(DRAIN_MS + SLACK_MS);
    expect(code, started.errors()).toBe(0);
  }, 120_000);

  it("ends at once while it waits for a server that is not there, or does not answer", async () => {
    const absent = startMillrace(args(), { ...env, CLICKHOUSE_URL: "http://127.0.0.1:9" });
    await absent.says("ClickHouse does not answer");
    const gone = await absent.end("SIGTERM");
    expect(gone).toMatchObject({ code: 0 });
    expect(gone.tookMs).toBeLessThan(SLACK_MS);
    expect(absent.errors()).toContain("no record was read");

    process.kill(pidOf("clickhouse"), "SIGSTOP");
    const silent = startMillrace(args(), env);
    await silent.says("profile mid");
    await sleep(1_000);
    const stopped = await silent.end("SIGINT");
    expect(stopped).toMatchObject({ code: 0 });
    expect(stopped.tookMs).toBeLessThan(SLACK_MS);
  }, 120_000);
});
