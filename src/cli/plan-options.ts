import type { Command } from "commander";
import { parseStartArguments, type StartOptions } from "../config/start-options.ts";

/** The options that say which pipelines a command is about, as `millrace start` has them. */
export interface PlanArguments {
  topic?: string[];
  table?: string;
  pipeline?: string[];
  pipelines: string;
  group?: string;
}

/** The same, checked, with the group that `millrace start` would take. */
export type PlanChoice = Pick<StartOptions, "direct" | "pipelineNames" | "pipelineFolder" | "groupId">;

/** Adds `--table`, `--pipeline` and `--pipelines`. `--topic` and `--group` are each command's own. */
export function addPlanOptions(command: Command): Command {
  return command
    .option("--table <database.table>", "table that --topic goes into, as given to millrace start")
    .option("--pipeline <name...>", "pipelines (default: events and dead-letters)")
    .option("--pipelines <dir>", "folder of pipeline files", "ops/pipelines");
}

/** What `millrace start` has when nothing else is said; of no meaning for the choice of pipelines. */
const startDefaults = { profile: "mid", from: "earliest", simulator: false };

/** @throws MillraceError E_CONFIG naming the option, its value and what is allowed. */
export function parsePlanArguments(typed: PlanArguments): PlanChoice {
  const { direct, pipelineNames, groupId } = parseStartArguments({ ...startDefaults, ...typed });
  return { direct, pipelineNames, pipelineFolder: typed.pipelines, groupId };
}
