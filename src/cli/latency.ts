import type { Command } from "commander";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { parseDurationMs } from "../config/values.ts";
import { MillraceError } from "../core/errors.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { latencyLines, loadLatency } from "../telemetry/latency-store.ts";
import { summarise } from "../telemetry/stages.ts";
import { printTable } from "./table.ts";

/** `millrace latency`: the stored histograms of a window, merged (S3-29). */
export function addLatencyCommand(program: Command, environment: Environment): void {
  program
    .command("latency")
    .description("show p50, p95, p99 and max of every latency stage")
    .option("--since <duration>", "window that ends now", "10m")
    .option("--by <field>", "one line per value of the pipeline's latency group; only: service")
    .option("--json", "print JSON")
    .action(async (options: { since: string; by?: string; json?: boolean }) => {
      const sinceMs = parseDurationMs("--since", options.since);
      if (options.by !== undefined && options.by !== "service") {
        throw new MillraceError("E_CONFIG", `--by ${options.by}: must be service`);
      }
      const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 1);
      const table = await loadLatency(client, sinceMs, options.by !== undefined).finally(() => client.close());
      if (options.json === true) {
        const entries = [...table.entries()].map(({ stage, group, counts }) => ({
          stage,
          group,
          ...summarise(counts),
        }));
        console.log(JSON.stringify(entries));
        return;
      }
      const { header, rows } = latencyLines(table);
      if (rows.length === 0) console.log(`no latency was recorded in the last ${options.since}`);
      else printTable(header, rows);
    });
}
