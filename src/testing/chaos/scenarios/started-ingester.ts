import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunReport } from "../../../run/report.ts";
import { tailOf } from "../../kafka/child-process.ts";
import { millraceEntry } from "../../run-millrace.ts";
import { type InsertProxy, startInsertProxy } from "../insert-proxy.ts";
import { type ProcessEnd, startProcess } from "../managed-process.ts";
import type { Rig } from "../rig.ts";

export interface IngesterEnd {
  /** `code 0`, or the signal. */
  how: string;
  /** From SIGTERM to the end of the process. */
  stopMs: number;
  report: RunReport | undefined;
  logTail: string;
}

/** One life of `millrace start`, as a user starts it, its inserts noted in the journal. */
export interface StartedIngester {
  /** Slot and life: 2.1 is the first life of the second ingester. */
  readonly name: string;
  readonly pid: number;
  readonly isRunning: boolean;
  readonly exited: Promise<ProcessEnd>;
  /** How often it has been given partitions: once per generation of the group that it was in. */
  assignments(): Promise<number>;
  /** Resolves when it has partitions. @throws Error when it has none within `timeoutMs`, or ended. */
  untilAssigned(timeoutMs: number): Promise<void>;
  /** SIGTERM, SIGKILL after `graceMs`. */
  stop(graceMs: number): Promise<IngesterEnd>;
}

/** The place of an ingester: its line to ClickHouse, on which lives follow each other. */
export interface IngesterPlace {
  start(): StartedIngester;
}

export interface PlaceSetup {
  index: number;
  profile: string;
}

/** Has `millrace start` refuse to run with anything less. */
const guarantee = ["--require", "exactly-once"];

export async function openPlace(rig: Rig, { index, profile }: PlaceSetup): Promise<IngesterPlace> {
  const inserts: InsertProxy = await startInsertProxy(rig.clickHouse.port, index, rig.journal);
  rig.closers.push(() => inserts.close());
  let lives = 0;
  return {
    start() {
      lives += 1;
      return startLife(rig, `${index}.${lives}`, profile, inserts.port);
    },
  };
}

function startLife(rig: Rig, name: string, profile: string, clickHousePort: number): StartedIngester {
  const logFile = join(rig.folder, `ingester-${name}.log`);
  let report: RunReport | undefined;
  const limits = ["--profile", profile, "--vcpus", "2"];
  const child = startProcess({
    args: [millraceEntry, "start", "--no-simulator", "--json", ...limits, ...guarantee],
    logFile,
    env: {
      KAFKA_BROKERS: rig.brokers,
      CLICKHOUSE_URL: `http://127.0.0.1:${clickHousePort}`,
      MILLRACE_LOG_LEVEL: "info",
    },
    usage: rig.usage,
    onLine(line) {
      if (line.startsWith("{")) report = JSON.parse(line) as RunReport;
    },
  });
  rig.closers.push(async () => child.signal("SIGKILL"));

  async function assignments(): Promise<number> {
    const log = await readFile(logFile, "utf8").catch(() => "");
    return log.split("\n").filter((line) => line.includes(" in flight to be repeated")).length;
  }

  return {
    name,
    pid: child.pid,
    exited: child.exited,
    get isRunning() {
      return child.isRunning;
    },
    assignments,
    async untilAssigned(timeoutMs) {
      for (const deadlineMs = Date.now() + timeoutMs; ; ) {
        if ((await assignments()) > 0) return;
        if (!child.isRunning || Date.now() > deadlineMs) {
          throw new Error(`Ingester ${name} got no partitions; the end of its log:\n${await tailOf(logFile)}`);
        }
        await sleep(100);
      }
    },
    async stop(graceMs) {
      const startedMs = Date.now();
      const { code, signal } = await child.stop(graceMs);
      const stopMs = Date.now() - startedMs;
      return { how: signal ?? `code ${code}`, stopMs, report, logTail: await tailOf(logFile) };
    },
  };
}
