import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ownDatabase } from "../../config/own-database.ts";

/** Where the definitions are: one statement for each table. */
const definitions = join(import.meta.dirname, "../../../sql/dimensions");

export interface Dimension {
  /** Without the database. */
  table: string;
  /** Its sorting key. A table that is to take its place must have the same. */
  key: string;
  dictionary: string;
}

/** In the order in which they are made: those that read facts last. */
export const dimensions: readonly Dimension[] = [
  { table: "dim_date", key: "date", dictionary: "dict_date" },
  { table: "dim_time", key: "time_key", dictionary: "dict_time" },
  { table: "dim_service", key: "service", dictionary: "dict_service" },
  { table: "dim_status_code", key: "status_code", dictionary: "dict_status_code" },
  { table: "dim_user", key: "user_id", dictionary: "dict_user" },
];

export const serviceMap = { table: "millrace_service_map", key: "service" } as const;
export const refreshesTable = `${ownDatabase}.millrace_dim_refreshes`;

/** The SELECT that a table's rows are, with parameters `since` and `zone`. */
export function definitionOf({ table }: Pick<Dimension, "table">): string {
  return readFileSync(join(definitions, `${table}.sql`), "utf8").replaceAll(/\banalytics\b/g, ownDatabase);
}
