import { fromBounds, isInside } from "../../config/options/describe.ts";
import { migrateRows, tableRows } from "../../config/options/migrate-rows.ts";
import type { OptionRow } from "../../config/options/option-row.ts";
import { defaultsOf } from "../../config/options/read-options.ts";
import { readValue } from "../../config/options/read-value.ts";
import { ownDatabase } from "../../config/own-database.ts";
import { MillraceError } from "../../core/errors.ts";

/** How the tables are made: everything about them that differs between installations. */
export interface MigrationSettings {
  /** Where the tables are made. */
  database: string;
  /** Replicated… engines instead of the plain ones; the servers need the macros {shard} and {replica}. */
  replicated: boolean;
  /** Cluster for ON CLUSTER; undefined: no such clause (a Replicated database distributes DDL by itself). */
  cluster: string | undefined;
  /** How many inserts each table remembers by their token. 1 and up. */
  deduplicationWindowInserts: number;
  /** Replicated engines only: for how long at most. Seconds, 1 and up. */
  deduplicationWindowSeconds: number;
  /** Days to keep; 0 = for ever. */
  ttlDays: Record<TtlKind, number>;
}

/**
 * `fact`: fact_event, by event day. `dead_letter`: fact_event_dlq and its aggregate. `latency`: millrace_latency.
 * `aggregate`: aggregates by event time. `realtime`: the 10-second aggregate and all views over it.
 */
export type TtlKind = "fact" | "dead_letter" | "latency" | "aggregate" | "realtime";

export const ttlKinds: readonly TtlKind[] = ["fact", "dead_letter", "latency", "aggregate", "realtime"];

const ttlRows: Record<TtlKind, OptionRow> = {
  fact: tableRows.factTtlDays,
  dead_letter: tableRows.deadLetterTtlDays,
  latency: tableRows.latencyTtlDays,
  aggregate: tableRows.aggregateTtlDays,
  realtime: tableRows.realtimeTtlDays,
};

const defaults = defaultsOf(tableRows);

export const defaultMigrationSettings: MigrationSettings = {
  database: ownDatabase,
  replicated: false,
  cluster: undefined,
  deduplicationWindowInserts: defaults.deduplicationWindowInserts,
  deduplicationWindowSeconds: defaults.deduplicationWindowSeconds,
  ttlDays: {
    fact: defaults.factTtlDays,
    dead_letter: defaults.deadLetterTtlDays,
    latency: defaults.latencyTtlDays,
    aggregate: defaults.aggregateTtlDays,
    realtime: defaults.realtimeTtlDays,
  },
};

/** Throws MillraceError E_CONFIG, naming the setting, the value and the bound. */
export function checkMigrationSettings(settings: MigrationSettings): void {
  checkWhole("deduplicationWindowInserts", settings.deduplicationWindowInserts, tableRows.deduplicationWindowInserts);
  checkWhole("deduplicationWindowSeconds", settings.deduplicationWindowSeconds, tableRows.deduplicationWindowSeconds);
  for (const kind of ttlKinds) checkWhole(`ttlDays.${kind}`, settings.ttlDays[kind], ttlRows[kind]);
  if (settings.cluster !== undefined)
    readValue(migrateRows.cluster.type, settings.cluster, `Cannot use cluster ${JSON.stringify(settings.cluster)}:`);
  if (settings.cluster !== undefined && !settings.replicated) {
    const reason = "each node would keep tables of its own, and a repeated insert would count twice on another node";
    throw new MillraceError("E_CONFIG", `Cannot use cluster ${settings.cluster} without replicated engines: ${reason}`);
  }
}

function checkWhole(name: string, value: number, { type, why }: OptionRow): void {
  if (Number.isSafeInteger(value) && isInside(type, value)) return;
  const reason = why === undefined ? "" : ` (${why})`;
  throw new MillraceError("E_CONFIG", `Cannot use ${name} ${value}: it is a whole number${fromBounds(type)}${reason}`);
}
