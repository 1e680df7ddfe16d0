import { MillraceError } from "../core/errors.ts";
import type { Origin } from "../core/origin.ts";
import { parseColumnType, withTimeZone } from "./column-type.ts";
import { constantColumn, originOf } from "./origin-columns.ts";
import type { PlanColumn } from "./plan.ts";
import type { TableColumn } from "./read-table.ts";

/** The fields of the dead-letter envelope (S0-42), and where the record stood that Millrace itself read. */
export const envelopeFields = [
  "ingest_ts",
  "processed_ts",
  "service",
  "event_id",
  "request_id",
  "source_topic",
  "source_partition",
  "source_offset",
  "source_key",
  "created_ts",
  "error_type",
  "error_message",
  "raw_json",
  "pipeline",
  "topic",
  "kafka_partition",
  "kafka_offset",
  "kafka_cluster",
  "kafka_group",
] as const;

/**
 * Whether the ingester's own clock fills this field of the envelope. The record's time is none: where the producer set
 * none it is the time that the range was cut at, which a repeat knows.
 */
export function isEnvelopeClock(field: string): boolean {
  return field === "processed_ts";
}

/** Without these a dead letter could be neither understood nor replayed. */
const neededFields = ["error_type", "raw_json"];

/**
 * The columns of the dead-letter table that the envelope fills, by name and in the table's order. Its times are
 * milliseconds since 1970. Other columns of the table are left to their DEFAULT.
 *
 * @throws MillraceError E_PLAN when the table lacks what a dead letter needs.
 */
export function buildDeadLetterColumns(table: string, columns: TableColumn[], origin: Origin): PlanColumn[] {
  const fields: readonly string[] = envelopeFields;
  const writable = columns.filter(
    ({ name, defaultKind }) => fields.includes(name) && (defaultKind === "" || defaultKind === "DEFAULT"),
  );
  const lacking = neededFields.filter((field) => !writable.some(({ name }) => name === field));
  if (lacking.length > 0) {
    throw new MillraceError(
      "E_PLAN",
      `Dead-letter table ${table} has no column ${lacking.join(" and no column ")}. ` +
        "Use the table that millrace migrate makes, or add the column to yours.",
    );
  }
  return writable.map((column) => {
    const type = parseColumnType(column.type, column.name);
    const constant = originOf(column.name, origin);
    if (constant !== undefined) return { name: column.name, type, coercion: "lenient", ...constantColumn(constant) };
    return {
      name: column.name,
      type: column.serverTimeZone === undefined ? type : withTimeZone(type, column.serverTimeZone),
      source: { kind: "document", names: [column.name] },
      timeFormat: "epoch_ms",
      missing: { kind: "typeDefault" },
      coercion: "lenient",
    };
  });
}
