import { ClickHouseError } from "@clickhouse/client";

/**
 * What to do about a failed insert.
 * - `retry`: outcome unknown or the server is busy: the same bytes under the same token, after a pause.
 * - `data`: the server read the bytes and refused a value: cut the insert in two until the bad rows are alone.
 * - `fatal`: no retry can help and no row is to blame: stop intake and say what to do (S0-48). Never dead letters: an
 *   outage of credentials must not flood them.
 */
export type InsertErrorClass = "retry" | "data" | "fatal";

/** ClickHouse error codes (system.errors) that a row's content causes. */
const dataCodes = new Map<string, string>([
  ["6", "CANNOT_PARSE_TEXT"],
  ["27", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"],
  ["33", "CANNOT_READ_ALL_DATA"],
  ["36", "BAD_ARGUMENTS: e.g. an enum value that the column does not have"],
  ["69", "ARGUMENT_OUT_OF_BOUND"],
  ["70", "CANNOT_CONVERT_TYPE"],
  ["117", "INCORRECT_DATA"],
  ["131", "TOO_LARGE_STRING_SIZE"],
  ["321", "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE"],
  ["349", "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN"],
  ["395", "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"],
  ["469", "VIOLATED_CONSTRAINT"],
  ["691", "UNKNOWN_ELEMENT_OF_ENUM"],
]);

/** Codes that need a person, with the remedy that the error message will name. */
const fatalCodes = new Map<string, string>([
  ["16", "a column of the plan is gone: restart, so that the table is read again"],
  ["47", "a column of the plan is unknown: restart, so that the table is read again"],
  ["60", "the table does not exist, or is detached: run `millrace migrate`, or ATTACH TABLE"],
  ["81", "the database does not exist: run `millrace migrate`"],
  ["62", "the server does not understand the insert: check its version (24.8 or newer)"],
  ["192", "unknown user: check CLICKHOUSE_USER"],
  ["193", "wrong password: check CLICKHOUSE_PASSWORD"],
  ["516", "authentication failed: check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD"],
  ["497", "the user may not insert: GRANT INSERT on the table"],
  ["115", "unknown setting: check the server's version (24.8 or newer)"],
]);

/** Classifies by code, never by text. Anything unknown is retried: stopping or discarding needs a known reason. */
export function classifyInsertError(error: unknown): InsertErrorClass {
  if (!(error instanceof ClickHouseError)) return "retry";
  if (dataCodes.has(error.code)) return "data";
  return fatalCodes.has(error.code) ? "fatal" : "retry";
}

/** The remedy for a fatal error, in words for its message. */
export function remedyFor(error: unknown): string {
  return (error instanceof ClickHouseError ? fatalCodes.get(error.code) : undefined) ?? "see the server's log";
}

/** `CODE NAME` of a refused row, as the dead letters' error_type. */
export function refusalType(error: unknown): string {
  return error instanceof ClickHouseError ? `clickhouse_${(error.type ?? error.code).toLowerCase()}` : "clickhouse";
}
