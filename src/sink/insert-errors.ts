/**
 * What to do about a failed insert.
 * - `retry`: outcome unknown, or a state that passes: the same bytes under the same token, after a pause.
 * - `overload`: the same, and all inserts of the sink slow down (src/sink/pace.ts).
 * - `split`: too many table partitions: the same bytes in parts, each with some of the partitions.
 * - `data`: the server read the bytes and refused a value: cut the insert in two until the bad rows are alone.
 * - `view`: a materialized view threw, when the rows were in the table: stop, because cutting would double them. No code
 *   has this class: it is `data` or `fatal` with the view's name at the end of the text.
 * - `fatal`: no retry can help and no row is to blame: stop intake and say what to do (S0-48). Never dead letters: an
 *   outage of credentials must not flood them.
 *
 * There is no class that sends a range in smaller inserts, although a memory limit asks for it. Halves have tokens of
 * their own. After a crash the replay sends the range whole first; with memory free again that would succeed, beside
 * the half that is stored already. A refusal by partitions or by data comes back at every replay; one by memory does not.
 */
export type InsertErrorClass = "retry" | "overload" | "split" | "data" | "view" | "fatal";

/** One row of the table of error classes. */
export interface InsertErrorRow {
  /** ClickHouse's code, as `ClickHouseError.code` has it. */
  code: string;
  /** Its name in `system.errors`. */
  name: string;
  class: InsertErrorClass;
  /** Why this class. */
  reason: string;
  /** What a person should do; "" when it passes by itself. */
  remedy: string;
}

type Row = [code: number, name: string, reason: string, remedy?: string];

const rows = (errorClass: InsertErrorClass, list: Row[]): InsertErrorRow[] =>
  list.map(([code, name, reason, remedy]) => ({
    code: String(code),
    name,
    class: errorClass,
    reason,
    remedy: remedy ?? "",
  }));

const credentials = "check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD";
const restart = "restart Millrace, so that it reads the table's columns again";
const version = "check the server's version (24.8 or newer)";
const profile = "the user's settings profile forbids a setting that the guarantee needs: allow it for this user";
const value = "a value of a row: the rows beside it are good";
const busy = "the server has more to do than it can: fewer inserts at once are its way out";
const disk = "the server cannot write its files: free disk space or mend the disk";

/** Every code with its class. A code that is not here is retried: stopping or discarding needs a known reason. */
export const insertErrors: readonly InsertErrorRow[] = [
  ...rows("retry", [
    [3, "UNEXPECTED_END_OF_FILE", "the body was cut off on its way, not by us: its bytes are counted"],
    [32, "ATTEMPT_TO_READ_AFTER_EOF", "the body was cut off on its way"],
    [33, "CANNOT_READ_ALL_DATA", "the body was cut off on its way; taken for bad data, its halves would get tokens"],
    [210, "NETWORK_ERROR", "a connection between servers, or ours"],
    [209, "SOCKET_TIMEOUT", "the upload or a replica stood still"],
    [236, "ABORTED", "the server is shutting down"],
    [279, "ALL_CONNECTION_TRIES_FAILED", "the shard's servers are not there at the moment"],
    [286, "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE", "the insert before is not yet on enough replicas"],
    [319, "UNKNOWN_STATUS_OF_INSERT", "the outcome is unknown; the token makes a repeat safe"],
    [394, "QUERY_WAS_CANCELLED", "somebody killed the query, or a limit did"],
    [425, "SYSTEM_ERROR", "the server's operating system refused something; the text says what"],
    [1000, "POCO_EXCEPTION", "the server's network library; mostly a broken connection"],
    [1001, "STD_EXCEPTION", "the server's library; the text says what"],
    [1002, "UNKNOWN_EXCEPTION", "the server does not know itself"],
  ]),
  ...rows("overload", [
    [75, "CANNOT_WRITE_TO_FILE_DESCRIPTOR", "mostly a full disk", disk],
    [159, "TIMEOUT_EXCEEDED", busy],
    [160, "TOO_SLOW", busy],
    [173, "CANNOT_ALLOCATE_MEMORY", busy],
    [201, "QUOTA_EXCEEDED", "the quota's interval ends", "raise the user's quota"],
    [202, "TOO_MANY_SIMULTANEOUS_QUERIES", busy],
    [203, "NO_FREE_CONNECTION", busy],
    [225, "NO_ZOOKEEPER", "replicas cannot agree on parts while Keeper is away", "see to ClickHouse Keeper"],
    [
      241,
      "MEMORY_LIMIT_EXCEEDED",
      "other queries hold the memory; not sent in halves, see above",
      "raise max_memory_usage",
    ],
    [
      242,
      "TABLE_IS_READ_ONLY",
      "the replica has lost Keeper, or is starting",
      "see system.replicas and ClickHouse Keeper",
    ],
    [243, "NOT_ENOUGH_SPACE", "space comes back with merges, TTL or an operator", disk],
    [252, "TOO_MANY_PARTS", "merges are behind: each insert makes it worse. With its other meaning: see `split`"],
    [254, "NO_ACTIVE_REPLICAS", "no replica to write to at the moment"],
    [285, "TOO_FEW_LIVE_REPLICAS", "the quorum is not there at the moment"],
    [290, "LIMIT_EXCEEDED", busy],
    [439, "CANNOT_SCHEDULE_TASK", busy],
    [745, "SERVER_OVERLOADED", busy],
    [999, "KEEPER_EXCEPTION", "Keeper is away, or busy", "see to ClickHouse Keeper"],
  ]),
  ...rows("data", [
    [6, "CANNOT_PARSE_TEXT", value],
    [27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED", value],
    [36, "BAD_ARGUMENTS", "an enum value that the column does not have, or a value that a DEFAULT cannot take"],
    [38, "CANNOT_PARSE_DATE", value],
    [41, "CANNOT_PARSE_DATETIME", value],
    [69, "ARGUMENT_OUT_OF_BOUND", value],
    [70, "CANNOT_CONVERT_TYPE", value],
    [72, "CANNOT_PARSE_NUMBER", value],
    [117, "INCORRECT_DATA", value],
    [128, "TOO_LARGE_ARRAY_SIZE", value],
    [131, "TOO_LARGE_STRING_SIZE", value],
    [153, "ILLEGAL_DIVISION", "a column that the table computes from the row"],
    [190, "SIZES_OF_ARRAYS_DONT_MATCH", value],
    [321, "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE", value],
    [349, "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN", value],
    [395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", "a column that the table computes from the row"],
    [407, "DECIMAL_OVERFLOW", value],
    [469, "VIOLATED_CONSTRAINT", "a CHECK constraint of the table"],
    [691, "UNKNOWN_ELEMENT_OF_ENUM", value],
  ]),
  ...rows("fatal", [
    [8, "THERE_IS_NO_COLUMN", "a column of the plan is gone", restart],
    [10, "NOT_FOUND_COLUMN_IN_BLOCK", "a column of the plan is gone", restart],
    [16, "NO_SUCH_COLUMN_IN_TABLE", "a column of the plan is gone", restart],
    [20, "NUMBER_OF_COLUMNS_DOESNT_MATCH", "the table has changed", restart],
    [43, "ILLEGAL_TYPE_OF_ARGUMENT", "the table or a view has changed", restart],
    [44, "ILLEGAL_COLUMN", "a column's type is not allowed here", profile],
    [46, "UNKNOWN_FUNCTION", "the table or a view uses what the server does not have", version],
    [47, "UNKNOWN_IDENTIFIER", "a column is unknown, to the table or to a view", `${restart}; then check the views`],
    [48, "NOT_IMPLEMENTED", "the table's engine cannot do this insert", "use a table of the MergeTree family"],
    [50, "UNKNOWN_TYPE", "the server does not know a column's type", version],
    [53, "TYPE_MISMATCH", "a column's type has changed", restart],
    [
      60,
      "UNKNOWN_TABLE",
      "the table or the target of one of its views does not exist, or is detached (S0-48)",
      "if it was detached: ATTACH TABLE; if it never existed: millrace migrate, or create it",
    ],
    [62, "SYNTAX_ERROR", "the server does not understand the insert", version],
    [73, "UNKNOWN_FORMAT", "the server does not know the insert's format", version],
    [81, "UNKNOWN_DATABASE", "the database does not exist", "run `millrace migrate`, or create it"],
    [115, "UNKNOWN_SETTING", "the server does not know a setting", version],
    [164, "READONLY", "the user may only read", "give the user a profile without readonly"],
    [192, "UNKNOWN_USER", "credentials", "check CLICKHOUSE_USER"],
    [193, "WRONG_PASSWORD", "credentials", "check CLICKHOUSE_PASSWORD"],
    [194, "REQUIRED_PASSWORD", "credentials", "set CLICKHOUSE_PASSWORD"],
    [195, "IP_ADDRESS_NOT_ALLOWED", "credentials", "allow this machine's address for the user"],
    [218, "TABLE_IS_DROPPED", "the table is being dropped", "create it again: millrace migrate"],
    [229, "QUERY_IS_TOO_LARGE", "the insert names too many columns for the server", "raise max_query_size"],
    [291, "DATABASE_ACCESS_DENIED", "rights", "GRANT INSERT on the table"],
    [452, "SETTING_CONSTRAINT_VIOLATION", "the profile pins a setting", profile],
    [455, "SUSPICIOUS_TYPE_FOR_LOW_CARDINALITY", "a column's type is not allowed here", profile],
    [497, "ACCESS_DENIED", "rights", "GRANT INSERT on the table, and SELECT on what its views read"],
    [511, "UNKNOWN_ROLE", "rights", "check the user's roles"],
    [516, "AUTHENTICATION_FAILED", "credentials", credentials],
  ]),
];
