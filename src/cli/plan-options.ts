import type { Command } from "commander";
import type { TypedOptions } from "../config/options/option-row.ts";
import { pipelineChoiceRows } from "../config/options/pipeline-rows.ts";
import { parseStartArguments, type StartOptions } from "../config/start-options.ts";
import { addOptions } from "./add-options.ts";

/** The options that say which pipelines a command is about, as `millrace start` has them. */
export type PlanArguments = TypedOptions<typeof pipelineChoiceRows>;

/** The same, checked, with the group that `millrace start` would take. */
export type PlanChoice = Pick<StartOptions, "direct" | "pipelineNames" | "pipelineFolder" | "groupId">;

/** Adds `--table`, `--pipeline` and `--pipelines`. `--topic` and `--group` are each command's own. */
export function addPlanOptions(command: Command): Command {
  const { table, pipelineNames, pipelineFolder } = pipelineChoiceRows;
  return addOptions(command, {
    table: { ...table, help: "table that --topic goes into, as given to millrace start" },
    pipelineNames: { ...pipelineNames, help: "pipelines" },
    pipelineFolder,
  });
}

/** @throws MillraceError E_CONFIG naming the option, its value and what is allowed. */
export function parsePlanArguments(typed: PlanArguments): PlanChoice {
  const { direct, pipelineNames, pipelineFolder, groupId } = parseStartArguments(typed);
  return { direct, pipelineNames, pipelineFolder, groupId };
}
