import type { Command } from "commander";
import { type Environment, refuseHalfASetUp, refuseSecretsForEmbedded } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import { helpOf } from "../config/options/describe.ts";
import { environmentRows } from "../config/options/environment-rows.ts";
import { type OptionRow, variableText } from "../config/options/option-row.ts";
import { profilesHelp } from "../config/profiles.ts";
import { parseStartArguments, type StartArguments } from "../config/start-options.ts";
import { pipelineFileHelp } from "../schema/pipeline-help.ts";
import { addOptions } from "./add-options.ts";
import { addHelpAfter } from "./help-text.ts";
import { runStart } from "./start-run.ts";

/** `millrace start`: the ingester; with embedded servers and a simulator when no server is named. */
export function addStartCommand(program: Command, environment: Environment): void {
  const helpAfter = () => [profilesHelp(), pipelineFileHelp(), environmentHelp()].join("\n\n");
  addHelpAfter(addOptions(program.command("start"), commandRows.start), helpAfter)
    .description("move records from Kafka into ClickHouse until stopped")
    .action((typed: StartArguments) => {
      refuseSecretsForEmbedded(environment);
      refuseHalfASetUp(environment);
      return runStart(environment, parseStartArguments(typed, { areEmbedded: environment.kafkaBrokers === undefined }));
    });
}

function environmentHelp(): string {
  const rows = Object.values<OptionRow>(environmentRows);
  const column = Math.max(...rows.map((row) => variableText(row).length));
  return ["Environment:", ...rows.map((row) => `  ${variableText(row).padEnd(column)}  ${helpOf(row)}`)].join("\n");
}
