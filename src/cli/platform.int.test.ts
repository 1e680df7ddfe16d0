import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { brokersToTest, connectKafka, type IngestServers } from "../testing/ingest-servers.ts";
import { runMillrace } from "../testing/run-millrace.ts";

const [[, startServers]] = (await brokersToTest()) as [Awaited<ReturnType<typeof brokersToTest>>[number]];

/** As on a system without the library: the runtime says that it is another one, and nobody finds chdb. */
const elsewhere = `
Object.defineProperty(process, "platform", { value: "win32" });
const { Module } = require("node:module");
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (/chdb/.test(name)) throw Object.assign(new Error("no " + name), { code: "MODULE_NOT_FOUND" });
  return resolve.call(this, name, ...rest);
};`;

describe.concurrent("millrace where chdb has no library", { timeout: 120_000 }, () => {
  let folder: string;
  let servers: IngestServers;
  let env: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-platform-"));
    await writeFile(join(folder, "elsewhere.cjs"), elsewhere);
    env = { NODE_OPTIONS: `--require ${join(folder, "elsewhere.cjs")}`, MILLRACE_DIR: join(folder, "data") };
    servers = await startServers();
  });

  afterAll(async () => {
    await servers.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(["start", "doctor"])("%s says so at once, and starts nothing", async (command) => {
    const run = await runMillrace([command], env);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(/no embedded ClickHouse for Windows.*KAFKA_BROKERS and CLICKHOUSE_URL/);
    expect(await readdir(folder)).toEqual(["elsewhere.cjs"]);
  });

  it("runs with servers that are named", async () => {
    const kafka = await connectKafka(servers.brokers);
    await servers.client.command({ query: "CREATE DATABASE net" });
    await servers.client.command({
      query: `CREATE TABLE net.dns (id UInt64, kafka_topic String, kafka_partition Int32, kafka_offset Int64)
        ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 1000`,
    });
    await kafka.admin.createTopics({ topics: [{ topic: "dns", numPartitions: 1 }] });
    await kafka.producer.send({ topic: "dns", messages: [{ value: `{"id":1}` }] });
    await kafka.close();
    const args = ["start", "--topic", "dns", "--table", "net.dns", "--until-end", "--json"];
    const run = await runMillrace(args, { ...env, ...servers.env });
    expect(run.code, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ stored: 1, missing: 0 });
  });

  it("--version prints the version of package.json", async () => {
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await runMillrace(["--version"], env)).toMatchObject({ code: 0, stdout: `${version}\n` });
  });
});
