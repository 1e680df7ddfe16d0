import { limitsCondition, quoteName } from "../../clients/clickhouse/sql-text.ts";
import { MillraceError } from "../../core/errors.ts";
import type { PlanColumn, TablePlan } from "../../schema/plan.ts";

/** A table whose rows carry the coordinates of their record. Column names are quoted, ready for SQL. */
export interface CountedTable {
  table: string;
  topic: string;
  partition: string;
  offset: string;
  /** Limits the table to the rows of the plan's cluster, and dead letters to its group and pipeline; "" for none. */
  filter: string;
}

/** Where a plan's records are: each in the facts or in the dead letters. */
export interface ReconcileTarget {
  pipeline: string;
  topics: string[];
  facts: CountedTable;
  /** Undefined when dead letters go into the table of the facts (producers' own dead letters). */
  deadLetters: CountedTable | undefined;
  /** A row may be seen some time after its insert was acknowledged. */
  readsMayLag: boolean;
}

/** Undefined when a table does not store topic, partition and offset: then nothing can be proven. */
export function reconcileTarget(plan: TablePlan): ReconcileTarget | undefined {
  const [topic, partition, offset] = (["topic", "partition", "offset"] as const).map((field) =>
    recordColumn(plan.columns, field),
  );
  if (topic === undefined || partition === undefined || offset === undefined) return undefined;
  const facts = {
    table: plan.table,
    topic: quoteName(topic),
    partition: quoteName(partition),
    offset: quoteName(offset),
  };
  const filter = limitsCondition(plan.coordinates?.limits ?? []);
  const { pipeline, topics, readsMayLag = false } = plan;
  const base = { pipeline, topics, readsMayLag, facts: { ...facts, filter } };
  if (plan.deadLetters.table === plan.table) return { ...base, deadLetters: undefined };
  const deadLetters = deadLettersOf(plan);
  return deadLetters === undefined ? undefined : { ...base, deadLetters };
}

/** The table that does not store the coordinates, and the columns that it lacks. */
export function missingCoordinates(plan: TablePlan): [table: string, columns: string[]] {
  const lacking = (["topic", "partition", "offset"] as const).filter(
    (field) => recordColumn(plan.columns, field) === undefined,
  );
  return lacking.length > 0
    ? [plan.table, lacking.map((field) => `kafka_${field}`)]
    : [plan.deadLetters.table, Object.values(deadLetterFields)];
}

/** @throws MillraceError E_PLAN that names the columns to add. */
export function requireReconcileTarget(plan: TablePlan): ReconcileTarget {
  const target = reconcileTarget(plan);
  if (target !== undefined) return target;
  const [table, names] = missingCoordinates(plan);
  throw new MillraceError(
    "E_PLAN",
    `Cannot compare Kafka with ${table}: it does not store ${names.join(", ")} of each record. ` +
      "Add the columns (kafka_topic String, kafka_partition Int32, kafka_offset Int64); rows from then on can be compared.",
  );
}

/** Columns of the dead-letter table (S0-42) that say where the record stood that was read. */
const deadLetterFields = { topic: "topic", partition: "kafka_partition", offset: "kafka_offset" };

function deadLettersOf({ deadLetters }: TablePlan): CountedTable | undefined {
  const names = new Set(deadLetters.columns.map(({ name }) => name));
  const { topic, partition, offset } = deadLetterFields;
  if (!names.has(topic) || !names.has(partition) || !names.has(offset)) return undefined;
  // Another pipeline may read the same topic into another table, and refuse the same records; so may another group.
  const filter = limitsCondition(deadLetters.coordinates?.limits ?? []);
  return { table: deadLetters.table, topic, partition, offset, filter };
}

/** The column that a plan fills with this part of the record's coordinates. */
function recordColumn(columns: PlanColumn[], field: "topic" | "partition" | "offset"): string | undefined {
  return columns.find(({ source }) => source.kind === "record" && source.field === field)?.name;
}
