import { qualifiedTablePattern } from "../../core/names.ts";
import { profileNames } from "../profiles.ts";
import { vcpuCount } from "./bounds.ts";
import type { OptionRows } from "./option-row.ts";
import { topicName } from "./shared-rows.ts";

/** Which pipelines a command is about, as `millrace start` takes them. */
export const pipelineChoiceRows = {
  topics: {
    flag: "--topic <name...>",
    type: { kind: "list", of: topicName },
    help: "topics to read into --table, mapped by column name",
  },
  table: {
    flag: "--table <database.table>",
    type: {
      kind: "text",
      pattern: qualifiedTablePattern,
      must: "must be database.table, of letters, digits and _",
    },
    help: "table that --topic goes into",
  },
  pipelineNames: {
    flag: "--pipeline <name...>",
    type: { kind: "list", of: { kind: "text" } },
    otherwise: "events and dead-letters",
    help: "pipelines to run",
  },
  pipelineFolder: {
    flag: "--pipelines <dir>",
    type: { kind: "folder" },
    default: "ops/pipelines",
    help: "folder of pipeline files",
  },
  groupId: {
    flag: "--group <id>",
    type: { kind: "text" },
    otherwise: "millrace.<table, or the pipelines' names in alphabetical order, joined by +>",
    help: "consumer group",
  },
} as const satisfies OptionRows;

/** What a set-up's guarantee depends on: `millrace start` runs with it, `millrace doctor` judges it. */
export const guaranteeRows = {
  profile: {
    flag: "--profile <name>",
    type: { kind: "choice", choices: profileNames },
    default: "mid",
    help: "how much is collected before an insert",
  },
  vcpus: {
    flag: "--vcpus <n>",
    type: { kind: "count", ...vcpuCount },
    otherwise: "what the machine has",
    help: "vCPU budget that the profile is scaled to",
  },
  from: {
    flag: "--from <where>",
    type: { kind: "choice", choices: ["earliest", "latest"] },
    default: "earliest",
    help: "where a partition without a committed offset begins",
  },
  sessionTimeoutMs: {
    flag: "--session-timeout <time>",
    type: { kind: "duration", min: 1_000, max: 1_800_000 },
    default: "30s",
    help: "a member that sends no heartbeat for this long is taken for dead by its group",
    why: "below a second no group is stable; above half an hour a dead member's partitions wait for too long",
  },
  fenceMs: {
    flag: "--fence <time>",
    type: { kind: "duration", min: 500, max: 600_000 },
    default: "10s",
    help: "an insert that begins later than this after the last proof of ownership writes nothing",
    why: "below half a second an insert is late as a rule",
  },
  surviveMs: {
    flag: "--survive <time>",
    type: { kind: "duration", min: 60_000, max: 31 * 86_400_000 },
    default: "24h",
    help: "the longest outage that deduplication windows have to cover",
    why: "after a longer one the tables are restored from a backup",
  },
  requiredGuarantee: {
    flag: "--require <guarantee>",
    type: { kind: "choice", choices: ["exactly-once"] },
    help: "exactly-once: refuse to start when the set-up gives less",
  },
} as const satisfies OptionRows;
