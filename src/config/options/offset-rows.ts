import { partitionNumber } from "./bounds.ts";
import type { OptionRows } from "./option-row.ts";
import { pipelineChoiceRows } from "./pipeline-rows.ts";
import { brokersRow, jsonRow, topicName } from "./shared-rows.ts";

/** `millrace lag` and `millrace offsets show`: of one group. */
export const groupRows = {
  brokers: brokersRow,
  group: { flag: "--group <id>", type: { kind: "text" }, default: "millrace.events", help: "consumer group" },
  topics: {
    flag: "--topic <name...>",
    type: { kind: "list", of: topicName },
    otherwise: "those that the group has committed",
    help: "topics",
  },
  json: jsonRow,
} as const satisfies OptionRows;

/** Of a command that looks up the rows of what `millrace start` was given. */
const planRows = {
  table: { ...pipelineChoiceRows.table, help: "table that --topic goes into, as given to millrace start" },
  pipelineNames: { ...pipelineChoiceRows.pipelineNames, help: "pipelines" },
  pipelineFolder: pipelineChoiceRows.pipelineFolder,
} as const satisfies OptionRows;

export const resetRows = {
  brokers: brokersRow,
  ...planRows,
  group: { flag: "--group <id>", type: { kind: "text" }, required: true, help: "consumer group; must have no members" },
  topic: { flag: "--topic <name>", type: topicName, required: true, help: "topic" },
  to: {
    flag: "--to <where>",
    type: { kind: "text" },
    required: true,
    help: "earliest, latest, an offset, +N or -N from the committed one, a time (ISO 8601) or a duration before now (2h)",
  },
  partitions: {
    flag: "--partition <n...>",
    type: { kind: "list", of: { kind: "count", ...partitionNumber } },
    otherwise: "all",
    help: "partitions",
  },
  dryRun: { flag: "--dry-run", type: { kind: "flag" }, help: "print what would be done, and change nothing" },
  yes: { flag: "--yes", type: { kind: "flag" }, help: "make the change" },
  discardIntents: {
    flag: "--discard-intents",
    type: { kind: "flag" },
    help: "forget ranges that a stopped instance may have stored beyond the committed offset",
  },
  allowDuplicates: {
    flag: "--allow-duplicates",
    type: { kind: "flag" },
    help: "go on although stored rows will be stored once more",
  },
  record: {
    flag: "--no-record",
    type: { kind: "flag" },
    help: "do not note skipped records as a known gap in ClickHouse",
  },
  json: jsonRow,
} as const satisfies OptionRows;

export const reconcileRows = {
  brokers: brokersRow,
  ...planRows,
  since: {
    flag: "--since <time>",
    type: { kind: "text" },
    help: "from the first record at or after this time; ISO 8601, or a duration such as 2h",
  },
  topics: { ...pipelineChoiceRows.topics, help: "topics, with --table" },
  groupId: { ...pipelineChoiceRows.groupId, otherwise: "as millrace start has it" },
  spansMax: {
    flag: "--spans <n>",
    type: { kind: "count", min: 0, max: 1_000 },
    default: "5",
    help: "spans of offsets to show for each partition where something is wrong",
  },
  json: jsonRow,
} as const satisfies OptionRows;
