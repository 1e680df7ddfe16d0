import { topicNamePattern } from "../../core/names.ts";
import type { OptionRow } from "./option-row.ts";

/** Options that several commands have, with one meaning. */

/** A topic by its name. */
export const topicName = {
  kind: "text",
  pattern: topicNamePattern,
  must: "a topic's name has letters, digits, ., _ and -, 249 at most",
} as const;

/** Checked where it is put together with KAFKA_BROKERS. */
export const brokersRow = {
  flag: "--brokers <list>",
  type: { kind: "text" },
  otherwise: "KAFKA_BROKERS, else the running demo's",
  help: "Kafka brokers, comma-separated host:port",
} as const satisfies OptionRow;

export const jsonRow = { flag: "--json", type: { kind: "flag" }, help: "print JSON" } as const satisfies OptionRow;

export const stopOnStdinCloseRow = {
  flag: "--stop-on-stdin-close",
  type: { kind: "flag" },
  help: "stop when standard input closes (for parent processes)",
} as const satisfies OptionRow;
