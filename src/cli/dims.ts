import type { Command } from "commander";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { OptionValues, TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { readConfiguredFile } from "../config/secrets.ts";
import { counted } from "../core/counted.ts";
import { MillraceError } from "../core/errors.ts";
import { type RefreshReport, refreshDimensions } from "../operate/dimensions/refresh.ts";
import { type MappedService, parseServiceMap } from "../operate/dimensions/service-map.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { instanceName } from "../run/instance-name.ts";
import { addOptions } from "./add-options.ts";
import { addHelpAfter } from "./help-text.ts";
import { printNotice } from "./notice.ts";
import { printTable } from "./print-table.ts";

const rows = commandRows["dims refresh"];

/** `millrace dims`: names beside the facts of the built-in pipeline (S0-67 to S0-71). */
export function addDimsCommand(program: Command, environment: Environment): void {
  const dims = program
    .command("dims")
    .description("fill the tables that give names to services, codes, days and users");
  addHelpAfter(addOptions(dims.command("refresh"), rows), () => refreshHelp)
    .description("build the dim_ tables anew from the facts, and swap in those that differ")
    .action((typed: TypedOptions<typeof rows>) => runRefresh(environment, readOptions(rows, typed)));
  for (const command of dims.commands) command.exitOverride();
}

const refreshHelp =
  "Readers find the old rows or the new ones, never none. A second refresh changes nothing. Exit code 1 when another " +
  "refresh runs, on whatever host, or a table could not be built. The tables are those of the built-in pipeline: millrace " +
  "migrate --events makes them. `millrace start --dims-refresh 24h` does the same once a day.";

async function runRefresh(environment: Environment, options: OptionValues<typeof rows>): Promise<void> {
  const { lookbackMs, zone, serviceMap, json } = options;
  const services = serviceMap === undefined ? undefined : readServiceMap(serviceMap);
  const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 1);
  const report = await refreshDimensions({ client, who: instanceName, lookbackMs, zone, services }).finally(() =>
    client.close(),
  );
  if (report.outcome === "busy") throw new MillraceError("E_INCOMPLETE", `Nothing was done: ${report.reason}`);
  if (json) console.log(JSON.stringify(report));
  else print(report);
  for (const { name, reason } of report.dictionaries) {
    printNotice("warn", `the dictionary ${name} cannot be loaded, the table is filled all the same: ${reason}`);
  }
}

function readServiceMap(file: string): MappedService[] {
  return parseServiceMap(file, readConfiguredFile("--service-map", file).text);
}

function print({ tables, durationMs, zone, lookbackSeconds }: RefreshReport): void {
  printTable(
    ["table", "rows", ""],
    tables.map(({ table, rows: count, changed }) => [table, String(count), changed ? "changed" : "as before"]),
  );
  const changed = tables.filter((table) => table.changed).length;
  const seconds = (durationMs / 1000).toFixed(1);
  console.log(
    `\n${counted(changed, "table")} of ${tables.length} changed, in ${seconds} s; days and times of ${zone}, ` +
      `facts of ${lookbackText(lookbackSeconds)}`,
  );
}

function lookbackText(seconds: number): string {
  const units: [number, string][] = [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
  ];
  const [size, noun] = units.find(([unit]) => seconds % unit === 0) ?? [1, "second"];
  return `the last ${counted(seconds / size, noun)}`;
}
