import { quoteName } from "../clients/clickhouse/sql-text.ts";
import type { PlanColumn, TablePlan } from "./plan.ts";

/** Something about a plan that works, and that its owner may not expect. */
export interface PlanNote {
  kind: "headers" | "nested";
  found: string;
  meaning: string;
  remedy: string[];
}

export function planNotes(plan: TablePlan): PlanNote[] {
  return [...headerNotes(plan), ...nestedNotes(plan)];
}

/** A name like those of the other facts of a record, which this version does not fill. */
const HEADERS_COLUMN = "kafka_headers";

function headerNotes({ columns }: TablePlan): PlanNote[] {
  const column = columns.find(({ name }) => name === HEADERS_COLUMN);
  if (column === undefined || !readsFieldOfItsName(column)) return [];
  return [
    {
      kind: "headers",
      found: `${HEADERS_COLUMN} is not filled from the record's headers: this version does not read them`,
      meaning: "the column stays empty, unless the documents have a field of that name",
      remedy: [`# until then, in the pipeline file: ${HEADERS_COLUMN}: { omit: true }`],
    },
  ];
}

function readsFieldOfItsName({ name, source }: PlanColumn): boolean {
  return source.kind === "document" && source.names.length === 1 && source.names[0] === name;
}

/** ClickHouse takes Array columns with dots for parts of one Nested column when their names begin alike. */
function nestedNotes({ columns, table }: TablePlan): PlanNote[] {
  const byPrefix = new Map<string, PlanColumn[]>();
  for (const column of columns) {
    const dot = column.name.indexOf(".");
    if (column.type.kind !== "array" || dot < 0) continue;
    const prefix = column.name.slice(0, dot);
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), column]);
  }
  return [...byPrefix]
    .filter(([, parts]) => parts.length > 1)
    .map(([prefix, parts]) => ({
      kind: "nested",
      found: `${parts.map(({ name }) => name).join(", ")} are one Nested column to ClickHouse: their names begin with "${prefix}."`,
      meaning:
        "a record whose arrays differ in length is refused (SIZES_OF_ARRAYS_DONT_MATCH) and becomes a dead letter",
      remedy: remedyOf(table, parts),
    }));
}

/** A part of a Nested column cannot be renamed to what is none: it has to be copied. */
function remedyOf(table: string, parts: PlanColumn[]): string[] {
  const each = (text: (part: PlanColumn) => string) => parts.map(text).join(", ");
  return [
    "-- where the arrays do not belong together: columns without the dot, and their fields in the pipeline file",
    `ALTER TABLE ${table} ${each(({ name, type }) => `ADD COLUMN ${plain(name)} ${type.text}`)};`,
    `ALTER TABLE ${table} UPDATE ${each(({ name }) => `${plain(name)} = ${quoteName(name)}`)} WHERE true SETTINGS mutations_sync = 2;`,
    `ALTER TABLE ${table} ${each(({ name }) => `DROP COLUMN ${quoteName(name)}`)};`,
    ...parts.map(({ name }) => `#   ${plain(name)}: { from: [${name}] }`),
  ];
}

function plain(name: string): string {
  return name.replaceAll(/\W+/g, "_");
}
