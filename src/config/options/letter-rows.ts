import { partitionNumber } from "./bounds.ts";
import type { OptionRows } from "./option-row.ts";
import { pipelineChoiceRows } from "./pipeline-rows.ts";
import { jsonRow, topicName } from "./shared-rows.ts";

const names = { kind: "list", of: { kind: "text" } } as const;
/** Far more than fit on a screen, or into an hour. */
const letterCount = { kind: "count", min: 1, max: 1_000_000_000 } as const;

/** Which dead letters are meant; what is not given does not matter. */
export const letterFilterRows = {
  reasons: { flag: "--reason <type...>", type: names, help: "why it was rejected (error_type)" },
  since: {
    flag: "--since <when>",
    type: { kind: "text" },
    help: "rejected since: a duration before now (10m, 7d) or a time (2026-07-01T10:30:00Z)",
  },
  until: { flag: "--until <when>", type: { kind: "text" }, help: "rejected before, likewise" },
  topics: { flag: "--topic <name...>", type: { kind: "list", of: topicName }, help: "topic of the record" },
  partition: {
    flag: "--partition <n>",
    type: { kind: "count", ...partitionNumber },
    help: "partition of the record",
  },
  offset: { flag: "--offset <n>", type: { kind: "text" }, help: "offset of the record, or a range: 17-93" },
  pipelines: { flag: "--pipeline <name...>", type: names, help: "pipeline that rejected it" },
  services: {
    flag: "--service <name...>",
    type: { kind: "list", of: { kind: "text", pattern: /^.*$/ } },
    help: 'service that the document names; "": none',
  },
  text: { flag: "--text <text>", type: { kind: "text" }, help: "text that is in the document or in the error message" },
  json: jsonRow,
} as const satisfies OptionRows;

export const letterListRows = {
  ...letterFilterRows,
  each: { flag: "--each", type: { kind: "flag" }, help: "one by one, the latest first" },
  limit: { flag: "--limit <n>", type: letterCount, default: "50", help: "letters to show with --each" },
} as const satisfies OptionRows;

export const letterShowRows = {
  json: { ...jsonRow, help: "print JSON, one line for each pipeline and group that has rejected the record" },
} as const satisfies OptionRows;

export const letterReplayRows = {
  ...letterFilterRows,
  dryRun: { flag: "--dry-run", type: { kind: "flag" }, help: "say what would happen and write nothing" },
  limit: { flag: "--limit <n>", type: letterCount, otherwise: "all", help: "look at no more letters than this" },
  ratePerSecond: {
    flag: "--rate <n>",
    type: { kind: "count", min: 1, max: 1_000_000 },
    default: "1000",
    help: "letters a second",
  },
  pipelineFolder: pipelineChoiceRows.pipelineFolder,
  table: {
    flag: "--table <database.table>",
    type: { kind: "text" },
    help: "take only letters of pipelines that write into this table, those of `start --topic … --table …` too",
  },
  force: { flag: "--force", type: { kind: "flag" }, help: "take also letters that replays have rejected three times" },
  atLeastOnce: {
    flag: "--at-least-once",
    type: { kind: "flag" },
    help: "go on when the target table cannot promise that no row is doubled",
  },
  yes: { flag: "--yes", type: { kind: "flag" }, help: "do not ask" },
} as const satisfies OptionRows;
