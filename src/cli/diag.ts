import type { ClickHouseClient } from "@clickhouse/client";
import type { Command } from "commander";
import { connectClickHouse } from "../clients/clickhouse/connect.ts";
import type { Environment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { TypedOptions } from "../config/options/option-row.ts";
import { readOptions } from "../config/options/read-options.ts";
import { readSpike } from "../operate/diagnosis/read-spike.ts";
import { runChecks } from "../operate/diagnosis/run-checks.ts";
import { requireClickHouse, withRunningDemo } from "../run/addresses.ts";
import { addOptions } from "./add-options.ts";
import { checkLines, healthLine, spikeLines } from "./diag-text.ts";

const clickHouseRows = commandRows["diag clickhouse"];
const spikeRows = commandRows["diag spike"];

/** `millrace diag`: what to look at when it is slow (S0-95, S0-96). */
export function addDiagCommand(program: Command, environment: Environment): void {
  const diag = program
    .command("diag")
    .description("find out why it is slow: look into ClickHouse, or for the minute and the stage");
  addOptions(diag.command("clickhouse"), clickHouseRows)
    .description("merges, parts, inserts and their settings in ClickHouse, and what to do where something is not well")
    .action((typed: TypedOptions<typeof clickHouseRows>) =>
      withClient(environment, async (client) => {
        const { json } = readOptions(clickHouseRows, typed);
        const results = await runChecks(client);
        const unhealthy = results.filter(({ status }) => status === "unhealthy").length;
        if (json) console.log(JSON.stringify({ unhealthy, checks: results }));
        else console.log([...results.flatMap(checkLines), healthLine(results)].join("\n"));
      }),
    );
  addOptions(diag.command("spike"), spikeRows)
    .description("p95 of every stage minute by minute, and which minute and stage stand out")
    .action((typed: TypedOptions<typeof spikeRows>) =>
      withClient(environment, async (client) => {
        const { json, windowMs } = readOptions(spikeRows, typed);
        const report = await readSpike(client, windowMs);
        console.log(json ? JSON.stringify(report) : spikeLines(report).join("\n"));
      }),
    );
  for (const command of diag.commands) command.exitOverride();
}

async function withClient(environment: Environment, run: (client: ClickHouseClient) => Promise<void>): Promise<void> {
  const client = connectClickHouse(requireClickHouse(withRunningDemo(environment)), 1);
  await run(client).finally(() => client.close());
}
