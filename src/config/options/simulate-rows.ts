import { loadRows } from "./load-rows.ts";
import type { OptionRows } from "./option-row.ts";
import { producerRows, queueRows } from "./producer-rows.ts";
import { brokersRow, stopOnStdinCloseRow } from "./shared-rows.ts";

/** What the simulator can be told, by an option, by a variable, or by a program that starts it. */
export const simulatorRows = { ...loadRows, ...producerRows, ...queueRows };

/** What else `millrace simulate` takes. */
export const simulateOnlyRows = {
  brokers: brokersRow,
  profilesFile: {
    flag: "--profiles <file>",
    type: { kind: "text" },
    otherwise: "ops/simulator/profiles.yml",
    help: "rates, mix and errors",
  },
  routesFile: {
    flag: "--routes <file>",
    type: { kind: "text" },
    otherwise: "ops/simulator/routes.yml",
    help: "routes of the services",
  },
  json: { flag: "--json", type: { kind: "flag" }, help: "print JSON lines: ready, stats, report" },
  stopOnStdinClose: stopOnStdinCloseRow,
} as const satisfies OptionRows;

/** Whoever sets KAFKA_BROKERS, too, means that. */
export const bootstrapRows = {
  brokers: {
    env: "KAFKA_BOOTSTRAP",
    type: { kind: "list", of: { kind: "text" } },
    help: "Kafka brokers, if neither --brokers nor KAFKA_BROKERS names any",
  },
} as const satisfies OptionRows;
