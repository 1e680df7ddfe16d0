import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRunning, type RunningServers, writeRunFile } from "../run/run-file.ts";
import { millraceEntry, runMillrace } from "../testing/run-millrace.ts";

/** What a new user does: `millrace start` with nothing named, and the other commands in another terminal. */

let folder: string;
let env: Record<string, string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-demo-"));
  // Not the ports of every first start: another test's demo could take them while this one is between two starts.
  const [kafka, clickHouse] = [20_000, 26_000].map((from) => from + Math.floor(Math.random() * 6_000));
  writeRunFile(folder, { kafkaBroker: `127.0.0.1:${kafka}`, clickHouseUrl: `http://127.0.0.1:${clickHouse}` });
  env = { MILLRACE_DIR: folder };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Demo {
  child: ChildProcess;
  servers: RunningServers;
  output: { stdout: string; stderr: string };
  /** As Ctrl-C does; nothing happens when it has ended. */
  stop(): Promise<void>;
}

async function startDemo(): Promise<Demo> {
  const child = spawn(process.execPath, [millraceEntry, "start", "--eps", "500"], {
    env: { ...process.env, ...env, MILLRACE_LOG_LEVEL: "info" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (output.stderr += text));
  const ended = once(child, "close");
  while (!/"msg":"status".*\n/.test(output.stderr)) {
    if (child.exitCode !== null) throw new Error(`the demo ended\n${output.stderr}`);
    await Promise.race([once(child.stderr, "data"), ended]);
  }
  return {
    child,
    servers: findRunning(folder)!,
    output,
    async stop() {
      child.kill("SIGINT");
      await ended;
    },
  };
}

// Many processes at a time: on a busy machine each of them takes long.
describe("the demo", { timeout: 120_000 }, () => {
  let demo: Demo;

  beforeAll(async () => {
    demo = await startDemo();
    const rows = () => runMillrace(["query", "SELECT count() > 0 FROM analytics.fact_event FORMAT TSV"], env);
    while ((await rows()).stdout !== "1\n");
  });
  afterAll(() => demo?.stop());

  it("says where its servers are", () => {
    expect(demo.output.stderr).toContain(`"clickHouseUrl":"${demo.servers.clickHouseUrl}"`);
    expect(demo.output.stderr).toContain(`"kafkaBroker":"${demo.servers.kafkaBroker}"`);
  });

  it.concurrent.each([
    [["lag"], /^logs\.auth .*\d/m],
    [["offsets", "show"], /group millrace\.events/],
    [["topics", "plan"], /logs\.auth +\d+ +unchanged/],
    [["reconcile"], /^all .* 0 +0$/m],
    [["dlq", "list"], /dead letters/],
    [["migrate", "--dry-run"], /./],
    [["doctor"], /exactly-once/],
    [["diag", "clickhouse"], /^ +analytics\.fact_event +\d[\s\S]*could not be answered\)\.$/m],
    [["status"], /^(HEALTHY|LATE) {3}.*[\s\S]*^stored {3}\d.*[\s\S]*^e2e +\d/m],
    [["tail", "logs.auth", "--limit", "2"], /^.*Z {2}logs\.auth:\d:\d+ {2}\{.*\n.*\n$/],
    [
      ["tail", "logs.auth", "--from", "-5m", "--limit", "1", "--json"],
      /^\{"topic":"logs\.auth".*"service":"auth".*\}\n$/,
    ],
    [["tail", "analytics.fact_event", "--match", "service=auth", "--limit", "2"], /^(.* service=auth .*\n){2}$/],
    [["tail", "dead-letters", "--no-follow"], /^$/],
    [["diag", "spike", "--window", "5m"], /\.$/m],
    [["query", "SELECT 1 AS one"], /│ *1 *│/],
  ])("is found by millrace %j", async (args, found) => {
    const run = await runMillrace(args, env);
    // A comparison that takes seconds, as on a busy machine, says how far it is.
    expect([run.stderr.replaceAll(/^.* offsets compared .*\n/gm, ""), run.code]).toEqual(["", 0]);
    expect(run.stdout).toMatch(found);
  });

  it.concurrent('is found by millrace ["latency"]', async () => {
    // The first figures are stored ten seconds after the start.
    const latency = () => runMillrace(["latency"], env);
    await expect.poll(async () => (await latency()).stdout, { timeout: 60_000, interval: 2_000 }).toMatch(/^e2e .*\d/m);
    expect(await latency()).toMatchObject({ stderr: "", code: 0 });
  });

  it.concurrent("gives services and codes their names by itself", async () => {
    await expect
      .poll(() => demo.output.stderr, { timeout: 60_000, interval: 500 })
      .toMatch(/"dim_time":86400.*"msg":"dimensions refreshed"/);
    const sql =
      "SELECT countIf(status_class = 'unknown') AS unknown, uniq(service) > 1 AS several FROM analytics.fact_event_named";
    const { stdout } = await runMillrace(["query", "--json", sql], env);
    expect(JSON.parse(stdout)).toEqual({ unknown: 0, several: 1 });
    const again = await runMillrace(["dims", "refresh", "--json"], env);
    expect(again).toMatchObject({ stderr: "", code: 0 });
    expect(JSON.parse(again.stdout)).toMatchObject({ outcome: "refreshed", zone: "Asia/Seoul" });
  });

  it.concurrent("is not mixed with servers that are named", async () => {
    const run = await runMillrace(["latency"], { ...env, KAFKA_BROKERS: "127.0.0.1:1" });
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("CLICKHOUSE_URL is not set") });
  });

  it.concurrent("answers queries as JSON for programs, and says what the server refuses in one line", async () => {
    const query = (...args: string[]) => runMillrace(["query", ...args], env);
    const [json, refused, late] = await Promise.all([
      query("--json", "SELECT number AS n FROM numbers(2)"),
      query("SELECT * FROM analytics.fact_evnt"),
      query("SELECT throwIf(number = 99999) FROM numbers(100000)"),
    ]);
    expect(
      json.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([{ n: 0 }, { n: 1 }]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^millrace: .*analytics\.fact_evnt.*\(UNKNOWN_TABLE\)\n$/);
    expect(late).toMatchObject({ code: 1, stdout: "" });
  });

  it("ends in peace when who reads the answer of a query has enough of it", async () => {
    const query = "SELECT number FROM numbers(3000000) FORMAT TSV";
    const child = spawn(process.execPath, [millraceEntry, "query", query], { env: { ...process.env, ...env } });
    let errors = "";
    child.stderr.on("data", (text: Buffer) => {
      errors += text.toString();
    });
    child.stdout.once("data", () => child.stdout.destroy());
    expect([...(await once(child, "exit")), errors]).toEqual([0, null, ""]);
  }, 60_000);

  it("writes one kind of output without a terminal: lines of JSON on standard error", async () => {
    await demo.stop();
    expect(demo.output.stdout).toBe("");
    const lines = demo.output.stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.find(({ msg }) => msg === "report")?.report).toMatchObject({ missing: 0, duplicate: 0 });
    expect(lines.some(({ msg, stored }) => msg === "status" && stored >= 0)).toBe(true);
  });

  it("says so when nothing runs", async () => {
    await demo.stop();
    const run = await runMillrace(["lag"], env);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(`runs on ${folder}`) });
  });

  it("has the same addresses at the next start, or others where a port is taken", async () => {
    await demo.stop();
    const first = demo.servers;
    demo = await startDemo();
    expect(demo.servers).toEqual(first);
    await demo.stop();
    const holder = createServer().listen(Number(first.kafkaBroker.split(":")[1]), "127.0.0.1");
    await once(holder, "listening");
    demo = await startDemo().finally(() => holder.close());
    expect(demo.servers.clickHouseUrl).toBe(first.clickHouseUrl);
    expect(demo.servers.kafkaBroker).not.toBe(first.kafkaBroker);
    expect(demo.output.stderr).toContain(`port ${first.kafkaBroker.split(":")[1]} is in use by another program`);
  });
});
