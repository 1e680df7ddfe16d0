import { MillraceError } from "../core/errors.ts";
import type { OptionValues } from "./options/option-row.ts";
import type { pipelineChoiceRows } from "./options/pipeline-rows.ts";

/** Which pipelines a run, or a command about it, is of; and the group that reads for them. */
export interface PlanChoice {
  /** Topics and table without a pipeline file. */
  direct: { topics: string[]; table: string } | undefined;
  pipelineNames: string[];
  pipelineFolder: string;
  groupId: string;
}

/** @throws MillraceError E_CONFIG where options do not go together. */
export function choosePlan(values: OptionValues<typeof pipelineChoiceRows>): PlanChoice {
  const direct = directPipeline(values);
  const pipelineNames = direct === undefined ? (values.pipelineNames ?? ["events", "dead-letters"]) : [];
  const groupName = direct === undefined ? groupNameOf(pipelineNames) : direct.table;
  const { pipelineFolder, groupId = `millrace.${groupName}` } = values;
  return { direct, pipelineNames, pipelineFolder, groupId };
}

/**
 * The same for the same pipelines in any order: a group's offsets are found again by its name alone. The built-in
 * dead-letters gives no name beside others, so that `events` with and without it are one group.
 */
function groupNameOf(pipelineNames: readonly string[]): string {
  const main = pipelineNames.filter((name) => name !== "dead-letters");
  return [...new Set(main.length > 0 ? main : pipelineNames)].sort().join("+");
}

function directPipeline({
  topics,
  table,
  pipelineNames,
}: OptionValues<typeof pipelineChoiceRows>): PlanChoice["direct"] {
  if (topics === undefined && table === undefined) return undefined;
  if (topics === undefined || table === undefined) {
    throw new MillraceError("E_CONFIG", "--topic and --table go together: name both, or use --pipeline");
  }
  if (pipelineNames !== undefined) {
    throw new MillraceError("E_CONFIG", "--pipeline names its topics and table itself: leave out --topic and --table");
  }
  return { topics, table };
}
