import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import type { ClickHouseClient } from "@clickhouse/client";
import { connectClickHouse } from "../../src/clients/clickhouse/connect.ts";
import { launchServers } from "../../src/run/embedded-servers.ts";
import { makeScratchFolder } from "../common/scratch.ts";

/** An embedded ClickHouse with the migrations of one checkout: an older program refuses what a newer one has migrated. */
export interface OwnClickHouse {
  url: string;
  pid: number;
  client: ClickHouseClient;
  close(): Promise<void>;
}

export async function startOwnClickHouse(entry: string): Promise<OwnClickHouse> {
  const dataDir = await makeScratchFolder();
  const closers: (() => Promise<unknown>)[] = [() => rm(dataDir, { recursive: true, force: true })];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer().catch(() => {});
  };
  try {
    const embedded = await launchServers({ kafka: false, clickHouse: true, dataDir, fresh: false });
    closers.push(() => embedded.stop());
    const url = embedded.clickHouseUrl!;
    const client = connectClickHouse({ url, user: undefined, password: undefined }, 2);
    closers.push(() => client.close());
    const env = { ...process.env, CLICKHOUSE_URL: url };
    const migrate = (...options: string[]) =>
      promisify(execFile)(process.execPath, [entry, "migrate", ...options], { env });
    // Older programs have no such option, and make the events' table unasked.
    await migrate("--events").catch(() => migrate());
    return { url, pid: embedded.children[0]!.pid, client, close };
  } catch (error) {
    await close();
    throw error;
  }
}
