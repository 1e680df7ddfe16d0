import type { Command } from "commander";
import { parseStartArguments, type StartOptions } from "../config/start-options.ts";
import { parseDurationMs } from "../config/values.ts";
import { MillraceError } from "../core/errors.ts";

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

/**
 * Reads a time: ISO 8601 ("2026-01-31T08:00:00Z", without a zone in UTC), or a duration before now ("2h"). In ms since
 * 1970.
 *
 * @throws MillraceError E_CONFIG naming `option`.
 */
export function parseTimeMs(option: string, text: string, nowMs: number): number {
  if (/^\d+(?:\.\d+)?[a-z]+$/.test(text)) return nowMs - parseDurationMs(option, text);
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? "00:00"}${match[3] ?? "Z"}`);
  if (!Number.isNaN(ms)) return ms;
  throw new MillraceError("E_CONFIG", `${option} ${text}: must be a time such as 2026-01-31T08:00:00Z, or 30m, 2h, 7d`);
}
