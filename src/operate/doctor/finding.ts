/**
 * What the doctor says about one thing.
 * - `error`: nothing can be ingested as it is.
 * - `weakens`: it runs, but a crash, a rebalance or a repeat can double or lose records.
 * - `notice`: worth knowing; the guarantee holds.
 * - `ok`: looked at, and in order.
 */
export type Severity = "error" | "weakens" | "notice" | "ok";

export interface Finding {
  /** Stable: alerts, scripts and tests go by it. */
  code: FindingCode;
  severity: Severity;
  /** The table, topic, partition, setting or server that it is about. */
  where: string;
  found: string;
  /** What can happen because of it; undefined when it is in order. */
  meaning?: string;
  /** SQL and commands to paste, line by line. A line that begins with `--` or `#` is a comment. */
  remedy?: string[];
}

export const findingCodes = [
  "clickhouse.unreachable",
  "clickhouse.version",
  "clickhouse.clock",
  "clickhouse.timezone",
  "clickhouse.many-servers",
  "clickhouse.access",
  "setting.locked",
  "setting.value",
  "table.absent",
  "table.unseen",
  "table.engine",
  "table.window",
  "table.window-span",
  "table.window-seconds",
  "table.partition-key",
  "table.partitions",
  "table.readonly",
  "table.coordinates",
  "table.row-loss",
  "table.headers",
  "table.nested",
  "table.trial-insert",
  "view.kind",
  "view.expression",
  "rights.insert",
  "rights.select",
  "rights.create",
  "kafka.unreachable",
  "kafka.version",
  "kafka.clock",
  "kafka.rights",
  "kafka.embedded",
  "broker.offset-metadata",
  "broker.session-timeout",
  "broker.offsets-retention",
  "topic.absent",
  "topic.compaction",
  "topic.timestamps",
  "topic.batch-size",
  "topic.unclean-election",
  "topic.retention",
  "lag.retention",
  "lag.lost",
  "group.protocol",
  "group.metadata",
  "group.members",
  "group.unassigned",
] as const;

export type FindingCode = (typeof findingCodes)[number];

export const guaranteeLevels = ["exactly-once", "at-least-once"] as const;
export type GuaranteeLevel = (typeof guaranteeLevels)[number];

/** What the set-up gives, in one line: `exactly-once`, `at-least-once`, or `not running: …` with the first reason. */
export function guaranteeOf(findings: readonly Finding[]): GuaranteeLevel | `not running: ${string}` {
  const error = findings.find(({ severity }) => severity === "error");
  if (error !== undefined) return `not running: ${error.where}: ${error.found}`;
  return findings.some(({ severity }) => severity === "weakens") ? "at-least-once" : "exactly-once";
}
