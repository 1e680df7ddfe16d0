import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startClickHouse } from "../../src/embedded/clickhouse/server.ts";
import { startKafkaBroker } from "../../src/embedded/kafka/server.ts";
import { startTcpProxy } from "../../src/testing/chaos/tcp-proxy.ts";
import { millraceEntry, runMillrace } from "../../src/testing/run-millrace.ts";
import { run as expected } from "../dashboards/bounds.ts";
import { type Prometheus, startPrometheus } from "./prometheus.ts";
import { until } from "./until.ts";

/** A run of everything that dashboards look at. It goes on until it is closed. */
export interface RealRun {
  clickHouseUrl: string;
  prometheusUrl: string;
  ingesterUrl: string;
  kafkaBrokers: string;
  startedMs: number;
  /** The value of a sample at /metrics; all series of the name together. */
  sample(name: string): Promise<number>;
  /** Runs a command of millrace beside it. Returns what it printed. */
  millrace(args: string[]): Promise<string>;
  /** No more events. */
  stopSimulator(): Promise<void>;
  /** `millrace dims refresh`, with a service map that has a service nobody uses any more. */
  refreshDimensions(): Promise<void>;
  /** ClickHouse is away for the ingester until `isEnough`: what fails has to be seen, too. */
  loseClickHouse(isEnough: () => Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

/** Starts the embedded servers, the ingester with its simulator, and a Prometheus that scrapes it. */
export async function startRealRun(): Promise<RealRun> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-panels-"));
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const clickHouse = await startClickHouse({ port: 0, dataDir: join(folder, "clickhouse") });
    closing.push(() => clickHouse.close());
    const broker = await startKafkaBroker({ port: 0, dataDir: join(folder, "kafka") });
    closing.push(() => broker.close());
    const proxy = await startTcpProxy(clickHouse.port);
    closing.push(() => proxy.close());
    const env = { KAFKA_BROKERS: `127.0.0.1:${broker.port}`, CLICKHOUSE_URL: `http://127.0.0.1:${proxy.port}` };
    const applied = await Promise.all([
      runMillrace(["topics", "apply"], env),
      runMillrace(["migrate", "--events"], env),
    ]);
    for (const { code, stderr } of applied) if (code !== 0) throw new Error(stderr);
    const startedMs = Date.now();
    const ingester = await startIngester(env);
    closing.push(ingester.stop);
    const prometheus: Prometheus = await startPrometheus(new URL(ingester.url).host, folder);
    closing.push(() => prometheus.close());
    const simulator = startSimulator(env);
    closing.push(simulator.stop);
    return {
      clickHouseUrl: `http://127.0.0.1:${clickHouse.port}`,
      prometheusUrl: prometheus.url,
      ingesterUrl: ingester.url,
      kafkaBrokers: env.KAFKA_BROKERS,
      startedMs,
      sample: (name) => sampleOf(ingester.url, name),
      millrace: (args) => runWell(args, env),
      stopSimulator: simulator.stop,
      async refreshDimensions() {
        const map = join(folder, "services.csv");
        await writeFile(map, serviceMap);
        await runWell(["dims", "refresh", "--service-map", map], env);
      },
      async loseClickHouse(isEnough) {
        proxy.setRefusing(true);
        proxy.resetAll();
        await until("inserts have failed", isEnough);
        proxy.setRefusing(false);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const serviceMap = `service,service_group,is_active,description
auth,accounts,1,who is who
order,shop,1,
payment,shop,1,
telegraph,shop,0,given up
`;

async function runWell(args: string[], env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await runMillrace(args, env);
  if (code !== 0) throw new Error(`millrace ${args.join(" ")} ended with ${code}:\n${stderr}`);
  return stdout;
}

/** Spoils one document in twenty. */
function startSimulator(env: Record<string, string>): { stop(): Promise<void> } {
  const stopped = Promise.withResolvers<void>();
  const options = ["--eps", String(expected.eventsPerSecond), "--bad-rate", "0.05", "--json"];
  const run = runMillrace(["simulate", ...options], env, { stopWhen: stopped.promise });
  return {
    async stop() {
      stopped.resolve();
      await run;
    },
  };
}

async function startIngester(env: Record<string, string>): Promise<{ url: string; stop(): Promise<void> }> {
  const child: ChildProcess = spawn(process.execPath, [millraceEntry, "start", "--port", "0", "--json"], {
    env: { ...process.env, ...env, MILLRACE_LOG_LEVEL: "info" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const ended = once(child, "close");
  const served = /"httpUrl":"([^"]+)"/;
  while (!served.test(log)) {
    if (child.exitCode !== null) throw new Error(`the ingester ended:\n${log}`);
    await Promise.race([once(child.stderr!, "data"), ended]);
  }
  return {
    url: served.exec(log)![1]!,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function sampleOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const samples = text.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
