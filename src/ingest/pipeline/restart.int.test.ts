import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StartArguments } from "../../config/start-options.ts";
import { commitAs } from "../../testing/commit-as.ts";
import { brokersToTest, connectKafka, type IngestServers, type KafkaClients } from "../../testing/ingest-servers.ts";
import { type MillraceRun, runMillrace } from "../../testing/run-millrace.ts";
import { ENDINGS_VARIABLE, type Endings } from "../source/testing/endings.ts";

const entry = fileURLToPath(new URL("../source/testing/start-with-ending-worker.ts", import.meta.url));
const [[, startServers]] = (await brokersToTest()) as [Awaited<ReturnType<typeof brokersToTest>>[number]];

// At once: a source that begins again waits for two seconds first, then for four.
describe.concurrent("a pipeline that has to begin again", { timeout: 60_000 }, () => {
  let servers: IngestServers;
  let folder: string;
  let clients: KafkaClients;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-restart-"));
    servers = await startServers();
    clients = await connectKafka(servers.brokers);
    await servers.client.command({ query: "CREATE DATABASE restart" });
    const migrated = await runMillrace(["migrate"], servers.env);
    expect(migrated).toMatchObject({ code: 0, stderr: "" });
  });

  afterAll(async () => {
    for (const child of children) child.kill("SIGKILL");
    await clients.close();
    await servers.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A topic with `partitions` × `count` records, and the table for it. */
  async function prepare(name: string, partitions: number, count: number): Promise<void> {
    await servers.client.command({
      query: `CREATE TABLE restart.${name} (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
        ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100000`,
    });
    await clients.admin.createTopics({ topics: [{ topic: name, numPartitions: partitions }] });
    for (let partition = 0; partition < partitions; partition += 1) {
      const messages = Array.from({ length: count }, (_, id) => ({ value: `{"id":${id}}`, partition }));
      await clients.producer.send({ topic: name, messages });
    }
  }

  function startWithEndings(name: string, endings: Endings): Promise<MillraceRun> {
    const typed: StartArguments = {
      ...{ profile: "low", vcpus: "1", from: "earliest", pipelines: "ops/pipelines" },
      ...{ topic: [name], table: `restart.${name}`, untilEnd: true, simulator: false, json: true },
    };
    const env = { ...process.env, MILLRACE_LOG_LEVEL: "warn", ...servers.env };
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [entry, JSON.stringify(typed)], {
        env: { ...env, [ENDINGS_VARIABLE]: JSON.stringify(endings) },
        stdio: ["ignore", "pipe", "pipe"],
      });
      children.push(child);
      const run: MillraceRun = { code: null, stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        run.stdout += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        run.stderr += text;
      });
      child.on("close", (code) => resolve({ ...run, code }));
    });
  }

  async function rowsOf(name: string): Promise<unknown> {
    const query = `SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(kafka_partition, kafka_offset)) AS offsets FROM restart.${name}`;
    return (await (await servers.client.query({ query, format: "JSONEachRow" })).json())[0];
  }

  it("stores everything once when a worker ends twice under backlog", async () => {
    await prepare("twice", 2, 4_000);
    const journal = join(folder, "twice");
    const run = await startWithEndings("twice", { journal, times: 2, at: { partition: 0, firstOffset: 0 } });
    expect(run).toMatchObject({ code: 0 });
    expect(await readFile(journal, "utf8")).toBe("..");
    const report = JSON.parse(run.stdout);
    expect(report).toMatchObject({ missing: 0, duplicate: 0, backlog: 0, stored: 8_000 });
    expect(report.counts).toMatchObject({ workerRestarts: 2, sourceRestarts: 2 });
    expect(await rowsOf("twice")).toEqual({ rows: 8_000, offsets: 8_000 });
  });

  it("stops when a worker ends three times at the same range, and names it", async () => {
    await prepare("always", 2, 10);
    const journal = join(folder, "always");
    const run = await startWithEndings("always", { journal, times: 9, at: { partition: 1, firstOffset: 0 } });
    expect([run.code, run.stdout]).toEqual([1, ""]);
    expect(run.stderr).toMatch(
      /^E_WORKER: A worker thread ended 3 times at the same records: .* always:1, offsets 0 to \d/m,
    );
    expect(await readFile(journal, "utf8")).toBe("...");
    const [partitions] = await clients.admin.fetchOffsets({ groupId: "millrace.restart.always", topics: ["always"] });
    expect(partitions!.partitions.find(({ partition }) => partition === 1)!.offset).toBe("0");
  });

  it("stops at commit metadata that is not ours, and goes on when told to", async () => {
    await prepare("foreign", 1, 10);
    // One group each: the run that is refused does not leave its group, and the next would wait for its session to end.
    const foreign = { topic: "foreign", partition: 0, offset: 4, metadata: "something else" };
    for (const group of ["refused", "told"]) await commitAs(servers.brokers, group, [foreign]);
    const args = ["start", "--topic", "foreign", "--table", "restart.foreign", "--until-end", "--group"];
    const refused = await runMillrace([...args, "refused"], servers.env);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("foreign:0");
    expect(refused.stderr).toContain("--unreadable-intents at-least-once");
    expect(await rowsOf("foreign")).toEqual({ rows: 0, offsets: 0 });
    const told = await runMillrace([...args, "told", "--unreadable-intents", "at-least-once"], servers.env);
    expect([told.code, told.stderr]).toEqual([0, expect.stringContaining("may be doubled")]);
    expect(await rowsOf("foreign")).toEqual({ rows: 6, offsets: 6 });
  });
});
