import type { ClickHouseClient, ClickHouseSettings } from "@clickhouse/client";
import { type ClickHouseAddress, connectClickHouse } from "../clients/clickhouse/connect.ts";

/**
 * ClickHouse for those who look at rows while the run goes on. The connection is not one of those that insert, so that no
 * insert waits for a query's; it is opened when somebody looks.
 */
export interface RunReader {
  client(): ClickHouseClient;
  /** ClickHouse asks who it is: rows are not for everybody who can reach this machine's ports. */
  needsLogin: boolean;
  close(): Promise<void>;
}

export const readerLimits = { seconds: 5, memoryBytes: 256 * 1024 * 1024 };

/**
 * What keeps a person's query from harming the run: one thread, little memory, a few seconds, and nothing but reading.
 * An embedded engine goes on with a query that nobody waits for any more, so these are what ends it.
 */
const settings: ClickHouseSettings = {
  readonly: "1",
  max_threads: 1,
  max_execution_time: readerLimits.seconds,
  max_memory_usage: String(readerLimits.memoryBytes),
  log_comment: "millrace console",
};

/** A server that has not answered for so long stands still, and with it whoever waits for the one connection. */
const ANSWER_MS_MAX = 15_000;

export function createRunReader(address: ClickHouseAddress): RunReader {
  let client: ClickHouseClient | undefined;
  return {
    client: () => (client ??= connectClickHouse(address, 1, { settings, timeoutMs: ANSWER_MS_MAX })),
    needsLogin: address.password !== undefined || address.tls?.own !== undefined,
    close: async () => client?.close(),
  };
}
