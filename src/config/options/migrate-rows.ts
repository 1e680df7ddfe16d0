import type { OptionRows } from "./option-row.ts";
import { jsonRow } from "./shared-rows.ts";

/** Days that an event may be late and still be a fact. */
const latenessHorizonDays = 7;
const days = { kind: "count", min: 0, max: 36_500 } as const;

/** How the tables are made. Its defaults and bounds are those of a program that migrates, too. */
export const tableRows = {
  deduplicationWindowInserts: {
    flag: "--deduplication-window <inserts>",
    type: { kind: "count", min: 1, max: 100_000_000 },
    default: "100000",
    help: "inserts that each table remembers by their token",
    why:
      "at least an hour of inserts, so that one in doubt can be repeated after a long stop: 20 a second are 72,000 an " +
      "hour, and late events cost an entry per event day that an insert touches",
  },
  deduplicationWindowSeconds: {
    flag: "--deduplication-window-seconds <s>",
    type: { kind: "count", min: 1, max: 31_536_000 },
    default: "86400",
    help: "how long replicated tables remember them, in seconds",
  },
  factTtlDays: {
    flag: "--fact-ttl-days <days>",
    type: { kind: "count", min: latenessHorizonDays + 1, max: 36_500, orZero: true },
    default: "14",
    help: "how long events are kept, by event day; 0 for ever",
    why: `an event may be ${latenessHorizonDays} days late, and would be deleted as soon as it was stored`,
  },
  deadLetterTtlDays: {
    flag: "--dead-letter-ttl-days <days>",
    type: days,
    default: "30",
    help: "how long dead letters and their counts are kept; 0 for ever",
  },
  latencyTtlDays: {
    flag: "--latency-ttl-days <days>",
    type: days,
    default: "30",
    help: "how long latency histograms are kept; 0 for ever",
  },
  aggregateTtlDays: {
    flag: "--aggregate-ttl-days <days>",
    type: days,
    default: "30",
    help: "how long aggregates by event time are kept; 0 for ever",
  },
  realtimeTtlDays: {
    flag: "--realtime-ttl-days <days>",
    type: days,
    default: "2",
    help: "how long the 10-second aggregates are kept; 0 for ever",
  },
} as const satisfies OptionRows;

export const migrateRows = {
  events: {
    flag: "--events",
    type: { kind: "flag" },
    help: "make also the tables and views of the built-in pipeline: fact_event and what counts it",
  },
  dryRun: { flag: "--dry-run", type: { kind: "flag" }, help: "print the SQL that would run, and change nothing" },
  json: { ...jsonRow, help: "print the report as one JSON document" },
  replicated: {
    flag: "--replicated",
    type: { kind: "flag" },
    help: "make Replicated tables; the servers need the macros {shard} and {replica}",
  },
  cluster: {
    flag: "--cluster <name>",
    type: { kind: "text", pattern: /^[\w.-]+$/, must: "a cluster's name has letters, digits, and . _ -" },
    help: "run every statement ON CLUSTER; means --replicated",
  },
  ...tableRows,
} as const satisfies OptionRows;
