import { portNumber } from "./bounds.ts";
import { diagClickHouseRows, diagSpikeRows } from "./diag-rows.ts";
import { dimsRefreshRows } from "./dims-rows.ts";
import { latencyRows } from "./latency-rows.ts";
import { letterListRows, letterReplayRows, letterShowRows } from "./letter-rows.ts";
import { migrateRows } from "./migrate-rows.ts";
import { groupRows, reconcileRows, resetRows } from "./offset-rows.ts";
import type { OptionRows } from "./option-row.ts";
import { brokersRow, jsonRow, stopOnStdinCloseRow } from "./shared-rows.ts";
import { simulateOnlyRows, simulatorRows } from "./simulate-rows.ts";
import { doctorRows, startRows } from "./start-rows.ts";
import { statusRows } from "./status-rows.ts";
import { tailRows } from "./tail-rows.ts";

const topicsRows = { brokers: brokersRow, json: jsonRow };

/** The options of every command, under what is typed to run it. No command has others. */
export const commandRows = {
  start: startRows,
  status: statusRows,
  doctor: doctorRows,
  migrate: migrateRows,
  lag: groupRows,
  latency: latencyRows,
  reconcile: reconcileRows,
  "offsets show": groupRows,
  "offsets reset": resetRows,
  "dlq list": letterListRows,
  "dlq show": letterShowRows,
  "dlq replay": letterReplayRows,
  query: {
    json: { ...jsonRow, help: "print JSON, one object a line" },
    format: {
      flag: "--format <name>",
      type: { kind: "text", pattern: /^\w+$/, must: "must be the name of a format, such as CSVWithNames" },
      otherwise: "a table",
      help: "any output format of ClickHouse, such as CSVWithNames",
    },
  },
  "dims refresh": dimsRefreshRows,
  "diag clickhouse": diagClickHouseRows,
  "diag spike": diagSpikeRows,
  tail: tailRows,
  "topics plan": topicsRows,
  "topics apply": topicsRows,
  simulate: { ...simulateOnlyRows, ...simulatorRows },
  embedded: {
    port: {
      flag: "--port <number>",
      type: { kind: "count", ...portNumber },
      default: "0",
      help: "port on the loopback interface; 0 chooses a free one",
    },
    dataDir: {
      flag: "--data <dir>",
      type: { kind: "text" },
      required: true,
      help: "folder for its data; held by one process at a time",
    },
    stopOnStdinClose: { ...stopOnStdinCloseRow, hidden: true },
    orFree: {
      flag: "--or-free",
      type: { kind: "flag" },
      hidden: true,
      help: "take another port when this one is taken",
    },
  },
} as const satisfies Record<string, OptionRows>;

export type CommandName = keyof typeof commandRows;
