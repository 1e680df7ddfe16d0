import { ClickHouseError } from "@clickhouse/client";
import { insertErrors } from "./insert-errors.ts";

/** One of ClickHouse's errors by its name in `system.errors`; the table of insert errors has their codes. */
export type ServerErrorName = (typeof insertErrors)[number]["name"];

const codeByName = new Map(insertErrors.map(({ name, code }) => [name, code]));

export function codeOf(name: ServerErrorName): string {
  return codeByName.get(name)!;
}

/** Whether ClickHouse answered with one of these errors. */
export function isServerError(error: unknown, ...names: ServerErrorName[]): error is ClickHouseError {
  return error instanceof ClickHouseError && names.some((name) => codeOf(name) === error.code);
}
