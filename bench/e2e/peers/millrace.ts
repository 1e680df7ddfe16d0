import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectClickHouse } from "../../../src/clients/clickhouse/connect.ts";
import type { RunReport } from "../../../src/run/report.ts";
import type { Peer, PeerContext, RunningPeer } from "../peer.ts";
import { startChildPeer } from "./child-peer.ts";

const entry = fileURLToPath(new URL("../../../src/millrace.mjs", import.meta.url));

/** As the migrations give it to `analytics.fact_event`: tokens need a window to be remembered in. */
const DEDUPLICATION_WINDOW = 100_000;

export interface MillraceVariant {
  transcoder: "reference" | "kernel";
  insertFormat: "rowbinary" | "native";
  /** Text of the pipeline file; its `name` is `bench`. */
  pipeline: (context: PeerContext) => string;
}

/** `millrace start --profile high --vcpus 2`, as a service: it is stopped by a signal after the last row. */
export function millracePeer(name: string, title: string, variant: MillraceVariant): Peer {
  return { name, title, writesTable: true, start: (context) => start(name, variant, context) };
}

async function start(name: string, variant: MillraceVariant, context: PeerContext): Promise<RunningPeer> {
  const { workDirectory, clickHouseUrl, brokers, table } = context;
  await writeFile(join(workDirectory, "bench.yaml"), variant.pipeline(context));
  const client = connectClickHouse({ url: clickHouseUrl, user: undefined, password: undefined }, 1);
  const setting = `non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`;
  await client.command({ query: `ALTER TABLE ${table} MODIFY SETTING ${setting}` });
  await client.close();
  const reportFile = join(workDirectory, "report.json");
  const child = startChildPeer(
    name,
    [
      entry,
      ...["start", "--no-simulator", "--json", "--profile", "high", "--vcpus", "2"],
      ...["--pipelines", workDirectory, "--pipeline", "bench", "--group", `bench.${name}.${Date.now()}`],
      ...["--transcoder", variant.transcoder, "--insert-format", variant.insertFormat, "--report", reportFile],
    ],
    {
      workDirectory,
      env: { KAFKA_BROKERS: brokers, CLICKHOUSE_URL: clickHouseUrl, MILLRACE_LOG_LEVEL: "info" },
      readyText: "in flight to be repeated",
    },
  );
  return {
    pids: () => [child.pid],
    ready: child.ready,
    ended: child.ended,
    async stop() {
      await child.stop();
      const report: RunReport & { eventLoopUtilisation?: number } = JSON.parse(await readFile(reportFile, "utf8"));
      const { insert, e2e } = report.latencyMs;
      const { eventLoopUtilisation } = report;
      return {
        insertP95Ms: insert.p95,
        ...(e2e.count === 0 ? {} : { e2eP95Ms: e2e.p95 }),
        ...(eventLoopUtilisation === undefined ? {} : { eventLoopUtilisation }),
      };
    },
  };
}
