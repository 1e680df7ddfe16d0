import { plainNamePattern } from "../../core/names.ts";

/** Names and texts in statements, so that ClickHouse reads back exactly what was given. */

export function quoteName(name: string): string {
  return `\`${name.replaceAll("\\", "\\\\").replaceAll("`", "\\`")}\``;
}

/** Bare where that is possible: what a person pastes should look like what a person writes. */
export function readableName(name: string): string {
  return plainNamePattern.test(name) ? name : quoteName(name);
}

export function readableTable(database: string, table: string): string {
  return `${readableName(database)}.${readableName(table)}`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** A column that must have one of the values. */
export interface Limit {
  column: string;
  values: readonly string[];
}

/** The conditions of all limits, joined by AND; "" for none. */
export function limitsCondition(limits: readonly Limit[]): string {
  return limits
    .map(({ column, values }) => `${quoteName(column)} IN (${values.map(quoteText).join(", ")})`)
    .join(" AND ");
}
