import { partitionNumber } from "./bounds.ts";
import type { OptionRows } from "./option-row.ts";
import { brokersRow, jsonRow } from "./shared-rows.ts";

/** `millrace tail`. */
export const tailRows = {
  from: {
    flag: "--from <where>",
    type: { kind: "text" },
    otherwise: "the end of a topic; the ten newest rows of a table",
    help: "beginning, end, a duration before now (5m) or a time (2026-07-01T10:30:00Z)",
  },
  matches: {
    flag: "--match <field=value...>",
    type: { kind: "list", of: { kind: "text" } },
    help: "show only what has this value in this field (a.b: field b of a); several: all must hold",
  },
  partitions: {
    flag: "--partition <n...>",
    type: { kind: "list", of: { kind: "count", ...partitionNumber } },
    otherwise: "all",
    help: "partitions of the topic",
  },
  limit: {
    flag: "--limit <n>",
    type: { kind: "count", min: 1, max: 1_000_000_000 },
    otherwise: "until Ctrl-C",
    help: "end after so many",
  },
  follows: { flag: "--no-follow", type: { kind: "flag" }, help: "end when all that is there was shown" },
  kind: {
    flag: "--as <kind>",
    type: { kind: "choice", choices: ["topic", "table"] },
    help: "topic or table, where both have the name",
  },
  by: {
    flag: "--by <column>",
    type: { kind: "text" },
    otherwise: "chosen",
    help: "time column of the table, by which the newest are told",
  },
  full: { flag: "--full", type: { kind: "flag" }, help: "do not cut lines to the width of the terminal" },
  brokers: brokersRow,
  json: { ...jsonRow, help: "print JSON, one object a line" },
} as const satisfies OptionRows;
