import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Child, startChild, waitForLine } from "./child.ts";
import { lockDirectory } from "./directory-lock.ts";
import { requireEngine } from "./engine-library.ts";
import { portsToTake, writeRunFile } from "./run-file.ts";

const READY_MS = 60_000;
const STOP_GRACE_MS = 15_000;

export interface EmbeddedServers {
  kafkaBrokers: string[] | undefined;
  clickHouseUrl: string | undefined;
  /** Ports that the servers should have had, and another program has. */
  takenPorts: number[];
  children: Child[];
  /** Stops the servers, those that do not within `graceMs` by force, and releases the data folder. */
  stop(graceMs?: number): Promise<void>;
}

export interface LaunchOptions {
  kafka: boolean;
  clickHouse: boolean;
  dataDir: string;
  /** Deletes the servers' data first. */
  fresh: boolean;
  /** Ends the wait for the servers. */
  signal?: AbortSignal;
}

/**
 * Starts the embedded servers that are wanted, each as a child process on the loopback port that it had last, or a free
 * one, and waits until they answer.
 *
 * @throws MillraceError E_DATA_DIR_HELD when another instance runs on the same folder, E_CONFIG where there is no embedded
 * ClickHouse, E_EMBEDDED when a server fails, and
 * the signal's reason when it aborts.
 */
export async function launchServers(options: LaunchOptions): Promise<EmbeddedServers> {
  if (!options.kafka && !options.clickHouse) {
    return { kafkaBrokers: undefined, clickHouseUrl: undefined, takenPorts: [], children: [], stop: async () => {} };
  }
  if (options.clickHouse) requireEngine();
  const release = lockDirectory(options.dataDir);
  const children: Child[] = [];
  const ports = portsToTake(options.dataDir);
  const stop = async (graceMs = STOP_GRACE_MS) => {
    await Promise.all(children.map((child) => child.stop(graceMs)));
    release();
  };
  const launch = async (server: "kafka" | "clickhouse") => {
    const path = join(options.dataDir, server);
    if (options.fresh) await rm(path, { recursive: true, force: true });
    const child = startChild(server, [
      "embedded",
      server,
      "--port",
      String(ports[server]),
      "--or-free",
      "--data",
      path,
    ]);
    children.push(child);
    return waitForLine(child, (line) => / ready on (127\.0\.0\.1:\d+)$/.exec(line)?.[1], READY_MS, options.signal);
  };
  try {
    const [kafka, clickHouse] = await Promise.all([
      options.kafka ? launch("kafka") : undefined,
      options.clickHouse ? launch("clickhouse") : undefined,
    ]);
    if (kafka !== undefined && clickHouse !== undefined) {
      writeRunFile(options.dataDir, { kafkaBroker: kafka, clickHouseUrl: `http://${clickHouse}` });
    }
    return {
      kafkaBrokers: kafka === undefined ? undefined : [kafka],
      clickHouseUrl: clickHouse === undefined ? undefined : `http://${clickHouse}`,
      takenPorts: [
        ...(kafka === undefined || kafka.endsWith(`:${ports.kafka}`) ? [] : [ports.kafka]),
        ...(clickHouse === undefined || clickHouse.endsWith(`:${ports.clickhouse}`) ? [] : [ports.clickhouse]),
      ],
      children,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
