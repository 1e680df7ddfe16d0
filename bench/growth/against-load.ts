import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../../src/core/errors.ts";
import type { RunReport } from "../../src/run/report.ts";
import { readProcessStat } from "../../src/telemetry/process-usage.ts";
import { openCpuWindow } from "../common/cpu-window.ts";

const EVENTS_PER_SECOND = 5_000;
const START_MS = 60_000;
/** Beyond the load's duration: to start, to drain and to report. */
const END_MS = 90_000;
/** Of the load's time, at its begin and at its end, outside the steady part. */
const EDGE_SHARE = 0.2;

/** What reports of old and new have in common; the old one counts an insert a range. */
type Report = Pick<RunReport, "cpuSeconds" | "latencyMs" | "missing" | "duplicate" | "stored"> & {
  counts: { insertedRanges: number; insertedBundles?: number };
};

/**
 * `start --profile mid --eps 5000 --duration Ns` as a user types it, with the embedded servers of its own checkout.
 * CPU of ClickHouse and ingester: of the whole life, start included, and of the steady part alone.
 */
export async function runLoad(entry: string, seconds: number): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-against-"));
  const reportFile = join(folder, "report.json");
  const args = ["start", "--profile", "mid", "--eps", String(EVENTS_PER_SECOND), "--duration", `${seconds}s`];
  const child = spawn(process.execPath, [entry, ...args, "--json", "--report", reportFile], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, MILLRACE_LOG_LEVEL: "info" },
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const late = setTimeout(kill, START_MS + seconds * 1_000 + END_MS);
  let log = "";
  try {
    const ended = new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
    const assigned = new Promise<void>((resolve) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        if (log.includes(" in flight to be repeated")) resolve();
      });
    });
    await Promise.race([assigned, ended]);
    const steady = await Promise.race([measureSteady(child.pid!, seconds), ended.then(() => undefined)]);
    const code = await ended;
    const text = await readFile(reportFile, "utf8").catch(() => undefined);
    if (steady === undefined || text === undefined) {
      throw new MillraceError(
        "E_INCOMPLETE",
        `${entry} ${args.join(" ")}: ended with code ${code}\n${log.slice(-4_000)}`,
      );
    }
    const { cpuSeconds, latencyMs, missing, duplicate, stored, counts } = JSON.parse(text) as Report;
    const inserts = counts.insertedBundles ?? counts.insertedRanges;
    return {
      "inserts/s": round(inserts / seconds),
      "CPU s": round(cpuSeconds.ingester! + cpuSeconds.clickhouse!),
      "steady CPU µs an event": round((steady * 1e6) / (EVENTS_PER_SECOND * seconds * (1 - 2 * EDGE_SHARE))),
      "e2e p95 ms": latencyMs.e2e.p95,
      stored,
      missing: missing ?? -1,
      duplicate: duplicate ?? -1,
    };
  } finally {
    clearTimeout(late);
    process.off("exit", kill);
    await rm(folder, { recursive: true, force: true });
  }
}

/** CPU seconds of the ingester and its ClickHouse in the middle of the load. */
async function measureSteady(pid: number, seconds: number): Promise<number> {
  await sleep(seconds * EDGE_SHARE * 1_000);
  const window = await openCpuWindow({ ingester: pid, clickhouse: await clickHouseOf(pid) });
  await sleep(seconds * (1 - 2 * EDGE_SHARE) * 1_000);
  const { ingester, clickhouse } = await window.read();
  return ingester.cpuSeconds + clickhouse.cpuSeconds;
}

async function clickHouseOf(parent: number): Promise<number> {
  for (const name of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    if ((await readProcessStat(Number(name)))?.parent !== parent) continue;
    const command = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (command.includes("\0embedded\0clickhouse\0")) return Number(name);
  }
  throw new MillraceError("E_INCOMPLETE", `process ${parent} has no embedded ClickHouse`);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
