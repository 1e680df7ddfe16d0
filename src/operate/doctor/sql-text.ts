import { quoteName } from "../../clients/clickhouse/sql-text.ts";

/** Reading and writing the little SQL that the doctor needs. */

/** Bare where that is possible: what a person pastes should look like what a person writes. */
export function sqlName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoteName(name);
}

export function sqlTable(database: string, table: string): string {
  return `${sqlName(database)}.${sqlName(table)}`;
}
