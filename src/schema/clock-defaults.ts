import type { Limit } from "../clients/clickhouse/sql-text.ts";
import { bareType } from "./column-type.ts";
import type { ClockDefault, Coordinates, PlanColumn, RecordField } from "./plan.ts";
import type { TableColumn } from "./read-table.ts";

/** ClickHouse's names for its clock (system.functions), in any case: servers differ in what they make of the spelling. */
const reading = /^(?:now|now64|today|current_?date|curdate|utc_?timestamp)\((?:(?:'[^'\\]*'|\d+)(?:, |(?=\))))*\)$/i;
const bareReading = /^current_timestamp$/i;
/** A conversion of one value; its other arguments are constants. */
const conversion = /^(?:to\w+|_?cast)\((.+?)(?:, (?:'[^'\\]*'|\d+))*\)$/is;

/**
 * Whether the expression of a DEFAULT is a reading of the server's clock, or a conversion of one, and so the same for
 * all rows of an insert and another at its repeat. One that takes part in more than that is not recognised.
 */
export function isClock(expression: string): boolean {
  if (reading.test(expression) || bareReading.test(expression)) return true;
  const inner = conversion.exec(expression)?.[1];
  return inner !== undefined && isClock(inner);
}

/** The table's columns that the insert leaves out and that a clock fills then. */
export function clockDefaultsOf(columns: readonly TableColumn[], planned: readonly PlanColumn[]): ClockDefault[] {
  const names = new Set(planned.map(({ name }) => name));
  return columns
    .filter(({ name, defaultKind, defaultExpression }) => {
      return defaultKind === "DEFAULT" && !names.has(name) && isClock(defaultExpression);
    })
    .map(({ name, type, defaultExpression }) => ({ name, type: { text: type }, expression: defaultExpression }));
}

/**
 * The columns whose values can come from the ingester's own clock, in all rows or in those whose document has no value.
 * Columns that hold several values are left out: a time fits none of them.
 */
export function ingesterClocksOf(planned: readonly PlanColumn[]): string[] {
  const hasClock = ({ source, missing }: PlanColumn) =>
    (source.kind === "record" && isIngesterClock(source.field)) ||
    (missing.kind === "record" && isIngesterClock(missing.field));
  return planned
    .filter((column) => hasClock(column) && !["array", "map"].includes(bareType(column.type).kind))
    .map(({ name }) => name);
}

function isIngesterClock(field: RecordField): boolean {
  return field === "received" || field === "processed";
}

/** The columns that hold each row's place in Kafka; undefined when one is missing, or cannot be compared with it. */
export function coordinatesOf(
  planned: readonly PlanColumn[],
  nameOf: (field: "topic" | "partition" | "offset") => string | undefined,
  limits: readonly Limit[],
): Coordinates | undefined {
  const names = { topic: nameOf("topic"), partition: nameOf("partition"), offset: nameOf("offset") };
  const holds = (name: string | undefined, kind: string): name is string => {
    const column = planned.find((candidate) => candidate.name === name);
    return column !== undefined && bareType(column.type).kind === kind;
  };
  const { topic, partition, offset } = names;
  if (!holds(topic, "string") || !holds(partition, "int") || !holds(offset, "int")) return undefined;
  return { topic, partition, offset, limits };
}
