import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { connectClickHouse } from "../../../clients/clickhouse/connect.ts";
import { queryRows } from "../../../clients/clickhouse/query-rows.ts";
import { startClickHouse } from "../../../embedded/clickhouse/server.ts";

/** The real engine for one test file. */
export interface TestEngine {
  port: number;
  client: ClickHouseClient;
  /** Runs statements one after the other. */
  run(...statements: string[]): Promise<void>;
  /** The only row of an answer. */
  row(query: string): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export async function startEngine(): Promise<TestEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), "millrace-sink-"));
  const server = await startClickHouse({ port: 0, dataDir });
  const client = connectTo(server.port);
  return {
    port: server.port,
    client,
    async run(...statements) {
      for (const query of statements) await client.command({ query });
    },
    async row(query) {
      const [row] = await queryRows<Record<string, unknown>>(client, query);
      return row ?? {};
    },
    async close() {
      await client.close();
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export function connectTo(port: number): ClickHouseClient {
  return connectClickHouse({ url: `http://127.0.0.1:${port}`, user: undefined, password: undefined }, 4);
}
