import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { connectClickHouse } from "../../src/clients/clickhouse/connect.ts";
import { startChild, waitForLine } from "../../src/run/child.ts";
import { makeScratchFolder } from "../common/scratch.ts";

export interface BenchClickHouse {
  url: string;
  pid: number;
  client: ClickHouseClient;
  /** Removed with the server's data. */
  workDirectory: string;
  close(): Promise<void>;
}

const READY_MS = 60_000;
const STOP_GRACE_MS = 15_000;

/**
 * A fresh embedded ClickHouse in a process of its own: merges that one run leaves behind are never charged to the next,
 * and every run meets a server of the same age.
 */
export async function startBenchClickHouse(): Promise<BenchClickHouse> {
  const workDirectory = await makeScratchFolder();
  const child = startChild("clickhouse", [
    "embedded",
    "clickhouse",
    "--port",
    "0",
    "--data",
    join(workDirectory, "ch"),
  ]);
  try {
    const address = await waitForLine(child, (line) => / ready on (127\.0\.0\.1:\d+)$/.exec(line)?.[1], READY_MS);
    const url = `http://${address}`;
    const client = connectClickHouse({ url, user: undefined, password: undefined }, 2);
    const close = async () => {
      await client.close();
      await child.stop(STOP_GRACE_MS);
      await rm(workDirectory, { recursive: true, force: true });
    };
    return { url, pid: child.pid, client, workDirectory, close };
  } catch (error) {
    await child.stop(STOP_GRACE_MS);
    await rm(workDirectory, { recursive: true, force: true });
    throw error;
  }
}
