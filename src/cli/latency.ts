import type { ClickHouseClient } from "@clickhouse/client";
import type { Command } from "commander";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { LatencyDimension } from "../config/options/latency-rows.ts";
import type { TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { MillraceError } from "../core/errors.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { type LatencyEntry, loadLatency, newestLatencyMs } from "../telemetry/latency-query.ts";
import { figuresOf } from "../telemetry/stages.ts";
import { addOptions } from "./add-options.ts";
import { printTable } from "./print-table.ts";

type Rows = typeof commandRows.latency;

/** `millrace latency`: the stored histograms of a window, merged (S3-29). */
export function addLatencyCommand(program: Command, environment: Environment): void {
  addOptions(program.command("latency"), commandRows.latency)
    .description("show how long every stage took: quantiles, average, extremes and slow records")
    .action(async (typed: TypedOptions<Rows>) => {
      const options = readOptions(commandRows.latency, typed);
      const { sinceMs, untilMs = 0 } = options;
      if (untilMs >= sinceMs) {
        const window = `--since ${typed.since ?? commandRows.latency.sinceMs.default} --until ${typed.until}`;
        throw new MillraceError("E_CONFIG", `${window}: the window ends before it begins; both say how long ago`);
      }
      const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 1);
      try {
        const by = options.by ?? [];
        const entries = await loadLatency(client, { sinceMs, untilMs }, by);
        if (options.json) console.log(JSON.stringify(entries.map((entry) => documentOf(entry, options.slowMs))));
        else if (entries.length > 0) print(entries, by, options.slowMs);
        else console.log(await emptyText(client, typed));
      } finally {
        await client.close();
      }
    });
}

function documentOf({ stage, of, counts }: LatencyEntry, slowMs: number) {
  return { stage, group: of.service ?? "", ...of, ...figuresOf(counts, slowMs) };
}

function print(entries: readonly LatencyEntry[], by: readonly LatencyDimension[], slowMs: number): void {
  const rows = entries.map(({ stage, of, counts }) => {
    const { count, avg, min, p50, p95, p99, max, slow, slowRatio, skewed } = figuresOf(counts, slowMs);
    const share = `${(slowRatio * 100).toFixed(slowRatio > 0 && slowRatio < 0.1 ? 2 : 1)} %`;
    const names = by.map((dimension) => nameOf(dimension, of[dimension] ?? ""));
    return [stage, ...names, ...[count, avg.toFixed(1), min, p50, p95, p99, max, slow, share, skewed].map(String)];
  });
  const times = ["avg ms", "min ms", "p50 ms", "p95 ms", "p99 ms", "max ms"];
  printTable(["stage", ...by, "records", ...times, `> ${slowMs} ms`, "share", "skewed"], rows);
}

/** Of a row from before the dimension was stored nobody knows it any more. */
function nameOf(dimension: LatencyDimension, value: string): string {
  if (dimension === "service" && value === "") return "all";
  return value === "" || (dimension === "vcpus" && value === "0") ? "-" : value;
}

async function emptyText(client: ClickHouseClient, { since, until }: TypedOptions<Rows>): Promise<string> {
  const from = since ?? commandRows.latency.sinceMs.default;
  const window = until === undefined ? `in the last ${from}` : `from ${from} to ${until} ago`;
  const newestMs = await newestLatencyMs(client);
  if (newestMs === undefined)
    return `no latency was recorded ${window}, nor before: millrace start writes it every 10 s while it stores records`;
  const minutes = Math.ceil((Date.now() - newestMs) / 60_000) + 10;
  const at = new Date(newestMs).toISOString().slice(0, 19).replace("T", " ");
  return `no latency was recorded ${window}. The newest is of ${at} UTC: millrace latency --since ${minutes}m shows it`;
}
