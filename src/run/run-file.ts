import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { holderOf } from "./directory-lock.ts";

/** Where the embedded servers of a data folder answer. */
export interface RunningServers {
  /** `host:port`. */
  kafkaBroker: string;
  clickHouseUrl: string;
  /** Of the ingester itself; undefined: it has none, or not yet. */
  httpUrl?: string | undefined;
}

/** Beside the ports of real servers, and below those that systems give to outgoing connections. */
const firstPorts = { kafka: 19_092, clickhouse: 18_123 };

/**
 * Notes where the servers answer, for other commands on this machine (`findRunning`), and for the next start, which
 * takes the same ports: what somebody has typed into Grafana or a shell goes on working.
 */
export function writeRunFile(dataDir: string, servers: RunningServers): void {
  const path = pathIn(dataDir);
  writeFileSync(`${path}.new`, `${JSON.stringify({ pid: process.pid, ...servers })}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * The servers that run on this folder now; undefined when none do, or not yet. The file outlives them: whether they live
 * is told by the folder's lock.
 */
export function findRunning(dataDir: string): RunningServers | undefined {
  const file = readRunFile(dataDir);
  if (file === undefined || file.pid !== holderOf(dataDir)) return undefined;
  const { pid: _, ...servers } = file;
  return servers;
}

/** The ports that the servers of this folder had last. */
export function portsToTake(dataDir: string): typeof firstPorts {
  const file = readRunFile(dataDir);
  if (file === undefined) return firstPorts;
  return { kafka: portOf(`tcp://${file.kafkaBroker}`), clickhouse: portOf(file.clickHouseUrl) };
}

function readRunFile(dataDir: string): ({ pid: number } & RunningServers) | undefined {
  try {
    const { pid, kafkaBroker, clickHouseUrl, httpUrl } = JSON.parse(readFileSync(pathIn(dataDir), "utf8"));
    portOf(`tcp://${kafkaBroker}`);
    portOf(clickHouseUrl);
    return { pid, kafkaBroker, clickHouseUrl, ...(typeof httpUrl === "string" ? { httpUrl } : {}) };
  } catch {
    return undefined; // none yet, or damaged: the servers choose anew, and write it again
  }
}

/** @throws when the address has no port. */
function portOf(url: string): number {
  const port = Number(new URL(url).port);
  if (port > 0) return port;
  throw new Error(`${url} has no port`);
}

function pathIn(dataDir: string): string {
  return join(dataDir, "servers.json");
}
