import type { Command } from "commander";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { latencyLines, loadLatency } from "../telemetry/latency-store.ts";
import { summarise } from "../telemetry/stages.ts";
import { addOptions } from "./add-options.ts";
import { printTable } from "./print-table.ts";

/** `millrace latency`: the stored histograms of a window, merged (S3-29). */
export function addLatencyCommand(program: Command, environment: Environment): void {
  addOptions(program.command("latency"), commandRows.latency)
    .description("show p50, p95, p99 and max of every latency stage")
    .action(async (typed: TypedOptions<typeof commandRows.latency>) => {
      const options = readOptions(commandRows.latency, typed);
      const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 1);
      const table = await loadLatency(client, options.sinceMs, options.by !== undefined).finally(() => client.close());
      if (options.json) {
        const entries = [...table.entries()].map(({ stage, group, counts }) => ({
          stage,
          group,
          ...summarise(counts),
        }));
        console.log(JSON.stringify(entries));
        return;
      }
      const { header, rows } = latencyLines(table);
      if (rows.length === 0)
        console.log(`no latency was recorded in the last ${typed.since ?? commandRows.latency.sinceMs.default}`);
      else printTable(header, rows);
    });
}
