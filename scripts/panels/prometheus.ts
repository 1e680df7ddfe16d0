import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";

const opsFolder = new URL("../../ops/prometheus/", import.meta.url).pathname;

/** Each second: a rate needs four scrapes, and the run is short. */
export const scrapeIntervalS = 1;

export interface Prometheus {
  url: string;
  close(): Promise<void>;
}

/** Whether `prometheus` and `promtool` can be started here. */
export function hasPrometheus(): boolean {
  return ["prometheus", "promtool"].every((name) => spawnSync(name, ["--version"]).status === 0);
}

/** Runs promtool in ops/prometheus. Returns what it printed when it found something, and nothing when all is well. */
export function promtool(args: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: opsFolder, input, encoding: "utf8" });
  return status === 0 && stderr === "" ? "" : `${stdout}${stderr}`;
}

/** Starts a Prometheus with the configuration of ops/prometheus, which scrapes `target` each second; its data lie in `dataDir`. */
export async function startPrometheus(target: string, dataDir: string): Promise<Prometheus> {
  const configFile = join(dataDir, "prometheus.yml");
  writeFileSync(configFile, scrapeConfig(target));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    "prometheus",
    [
      ...[`--config.file=${configFile}`, `--storage.tsdb.path=${join(dataDir, "data")}`],
      ...[`--web.listen-address=${address}`, "--log.level=warn"],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const ended = once(child, "close");
  const url = `http://${address}`;
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`prometheus ended:\n${log}`);
    await Promise.race([sleep(100), ended]);
  }
  return {
    url,
    async close() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function scrapeConfig(target: string): string {
  const config = parse(readFileSync(join(opsFolder, "prometheus.yml"), "utf8"));
  config.global = { scrape_interval: `${scrapeIntervalS}s`, evaluation_interval: `${scrapeIntervalS}s` };
  config.rule_files = config.rule_files.map((file: string) => join(opsFolder, file));
  config.scrape_configs[0].static_configs = [{ targets: [target] }];
  return stringify(config);
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Prometheus takes no port 0. Between this answer and its start somebody else may take the port, which is unlikely. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
