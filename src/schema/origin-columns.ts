import type { Limit } from "../clients/clickhouse/sql-text.ts";
import type { Origin } from "../core/origin.ts";
import type { PlanColumn } from "./plan.ts";
import type { TableColumn } from "./read-table.ts";

/** Columns with these names, in any table, say whose the row is: constants of the run, not of a document. */
const originColumns: Record<string, keyof Origin> = { kafka_cluster: "cluster", kafka_group: "group" };

/** What the run puts into a column of this name; undefined: it is a column like others. */
export function originOf(name: string, origin: Origin): string | undefined {
  return Object.hasOwn(originColumns, name) ? origin[originColumns[name]!] : undefined;
}

/** A column that no document fills: source and value for one. */
export function constantColumn(value: string): Pick<PlanColumn, "source" | "missing" | "timeFormat"> {
  return { source: { kind: "document", names: [] }, missing: { kind: "value", value }, timeFormat: "auto" };
}

/**
 * What rows must say, besides their coordinates, to be of this origin. Rows without a name are from before the column:
 * nobody knows whose they are, and they count for everybody. An origin without a name limits nothing.
 */
export function originLimits(columns: readonly TableColumn[], origin: Origin, names: readonly string[]): Limit[] {
  return columns
    .filter(({ name }) => names.includes(name))
    .map(({ name }) => ({ column: name, value: originOf(name, origin) ?? "" }))
    .filter(({ value }) => value !== "")
    .map(({ column, value }) => ({ column, values: ["", value] }));
}
