/**
 * What to do about a failed insert.
 * - `retry`: outcome unknown, or a state that passes: the same bytes under the same token, after a pause.
 * - `overload`: the same, and all inserts of the table slow down (src/ingest/sink/insert-pace.ts).
 * - `disk`: the same, because the server cannot write its files; said in these words, since fewer inserts are no way out.
 * - `split`: too many table partitions: the same bytes in parts, each with some of the partitions.
 * - `data`: the server read the bytes and refused a value: cut the insert in two until the bad rows are alone.
 * - `view`: a materialized view threw, when the rows were in the table: stop, because cutting would double them. No code
 *   has this class: it is `data` or `fatal` with the view's name at the end of the text.
 * - `doubtful`: nobody has judged the code, or it has many causes. Repeated for about half a minute, then taken for `data`.
 *   Is a row to blame, it ends alone among dead letters; is none, all rows are refused, and that is `fatal`.
 * - `fatal`: no retry can help and no row is to blame: stop intake and say what to do (S0-48). Never dead letters: an
 *   outage of credentials must not flood them.
 *
 * There is no class that sends a range in smaller inserts, although a memory limit asks for it. Halves have tokens of
 * their own. After a crash the replay sends the range whole first; with memory free again that would succeed, beside
 * the half that is stored already. A refusal by partitions or by data comes back at every replay; one by memory does not.
 */
export type InsertErrorClass = "retry" | "overload" | "disk" | "split" | "data" | "view" | "doubtful" | "fatal";

/** One row of the table of error classes. */
export interface InsertErrorRow<Name extends string = string> {
  /** ClickHouse's code, as `ClickHouseError.code` has it. */
  code: string;
  /** Its name in `system.errors`. */
  name: Name;
  class: InsertErrorClass;
  /** Why this class. */
  reason: string;
  /** What a person should do; "" when it passes by itself. */
  remedy: string;
}

type Row<Name extends string> = readonly [code: number, name: Name, reason: string, remedy?: string];

const rows = <const Name extends string>(errorClass: InsertErrorClass, list: readonly Row<Name>[]) =>
  list.map(([code, name, reason, remedy = ""]): InsertErrorRow<Name> => {
    return { code: String(code), name, class: errorClass, reason, remedy };
  });

/** Reasons that are told to a person in whatever the error came up. */
export const LOGIN_REFUSED = "credentials";
export const RIGHT_MISSING = "rights";

const credentials = "check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD";
const restart = "restart Millrace, so that it reads the table's columns again";
const version = "check the server's version (24.8 or newer)";
const profile = "the user's settings profile forbids a setting that the guarantee needs: allow it for this user";
const value = "a value of a row: the rows beside it are good";
const computed = "a column, a constraint or an index that the table computes from the row";
const network = "a connection between servers, or ours";
const dictionary = "see system.dictionaries";
const limited = "a limit of the user's profile on the insert's statement";
const wide =
  "raise max_columns_to_read, max_temporary_columns, max_ast_elements of the user's profile, or list fewer columns";
const long = "the insert's statement is too long: it names each column twice";
const longRemedy = "let the user's profile allow a larger max_query_size, or list fewer columns";
const files = "the server cannot write or read its files";
const busy = "the server has more to do than it can: fewer inserts at once are its way out";
const disk = "free disk space for ClickHouse, or mend the disk; Millrace goes on by itself then";

/**
 * The codes of ClickHouse 26.7 that an insert can meet, from its own list (`errorCodeToName`), with their classes. All others
 * are `doubtful`: most of them belong to statements and engines that we do not use, the rest to servers to come.
 */
export const insertErrors = [
  ...rows("retry", [
    [3, "UNEXPECTED_END_OF_FILE", "the body was cut off on its way, not by us: its bytes are counted"],
    [32, "ATTEMPT_TO_READ_AFTER_EOF", "the body was cut off on its way"],
    [33, "CANNOT_READ_ALL_DATA", "the body was cut off on its way; taken for bad data, its halves would get tokens"],
    [210, "NETWORK_ERROR", network],
    [209, "SOCKET_TIMEOUT", "the upload or a replica stood still"],
    [236, "ABORTED", "the server is shutting down"],
    [279, "ALL_CONNECTION_TRIES_FAILED", "the shard's servers are not there at the moment"],
    [286, "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE", "the insert before is not yet on enough replicas"],
    [319, "UNKNOWN_STATUS_OF_INSERT", "the outcome is unknown; the token makes a repeat safe"],
    [394, "QUERY_WAS_CANCELLED", "somebody killed the query, or a limit did"],
    [23, "CANNOT_READ_FROM_ISTREAM", "the body was cut off on its way"],
    [95, "CANNOT_READ_FROM_SOCKET", network],
    [96, "CANNOT_WRITE_TO_SOCKET", network],
    [99, "UNKNOWN_PACKET_FROM_CLIENT", network],
    [100, "UNKNOWN_PACKET_FROM_SERVER", network],
    [101, "UNEXPECTED_PACKET_FROM_CLIENT", network],
    [102, "UNEXPECTED_PACKET_FROM_SERVER", network],
    [156, "DICTIONARIES_WAS_NOT_LOADED", "a view reads a dictionary that is still being loaded", dictionary],
    [198, "DNS_ERROR", network],
    [216, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING", "an attempt that was given up still runs"],
    [224, "REPLICA_IS_ALREADY_ACTIVE", "the replica is being started"],
    [232, "NO_SUCH_DATA_PART", "a part was merged meanwhile"],
    [244, "UNEXPECTED_ZOOKEEPER_ERROR", "Keeper is away, or busy", "see to ClickHouse Keeper"],
    [281, "DICTIONARY_IS_EMPTY", "a view reads a dictionary that is still being loaded", dictionary],
    [297, "SHARD_HAS_NO_CONNECTIONS", network],
    [369, "ALL_REPLICAS_ARE_STALE", "the replicas will catch up"],
    [372, "SESSION_NOT_FOUND", "a proxy sent us to another server"],
    [373, "SESSION_IS_LOCKED", "an attempt that was given up still runs"],
    [384, "PART_IS_TEMPORARILY_LOCKED", "a part is being merged"],
    [410, "EXTERNAL_SERVER_IS_NOT_RESPONDING", "a dictionary's or a view's source is away"],
    [425, "SYSTEM_ERROR", "the server's operating system refused something; the text says what"],
    [473, "DEADLOCK_AVOIDED", "an ALTER or DROP of the table is under way"],
    [510, "CACHE_DICTIONARY_UPDATE_FAIL", "the source of a view's dictionary is away", dictionary],
    [519, "NO_REMOTE_SHARD_AVAILABLE", network],
    [529, "NOT_A_LEADER", "Keeper is choosing a leader"],
    [568, "RAFT_ERROR", "Keeper is choosing a leader"],
    [571, "DATABASE_REPLICATION_FAILED", "a DDL statement is under way"],
    [659, "UNKNOWN_STATUS_OF_TRANSACTION", "the outcome is unknown; the token makes a repeat safe"],
    [677, "THREAD_WAS_CANCELED", "the server is shutting down"],
    [693, "AWS_ERROR", "the object storage does not answer"],
    [696, "ASYNC_LOAD_CANCELED", "the server is starting or shutting down"],
    [718, "TOO_SLOW_PARSING", "the upload stood still"],
    [722, "ASYNC_LOAD_WAIT_FAILED", "the table is being loaded"],
    [733, "TABLE_IS_BEING_RESTARTED", "the replica is being started"],
    [734, "CANNOT_WRITE_AFTER_BUFFER_CANCELED", "a write was broken off"],
    [735, "QUERY_WAS_CANCELLED_BY_CLIENT", "our connection was closed"],
    [738, "PART_IS_LOCKED", "a part is being merged"],
    [903, "DISTRIBUTED_CACHE_REGISTRY_SHUTDOWN", "the server is shutting down"],
    [904, "TOO_MANY_UNAVAILABLE_SHARDS", network],
    [1000, "POCO_EXCEPTION", "the server's network library; mostly a broken connection"],
  ]),
  ...rows("overload", [
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
    [252, "TOO_MANY_PARTS", "merges are behind: each insert makes it worse. With its other meaning: see `split`"],
    [254, "NO_ACTIVE_REPLICAS", "no replica to write to at the moment"],
    [285, "TOO_FEW_LIVE_REPLICAS", "the quorum is not there at the moment"],
    [290, "LIMIT_EXCEEDED", busy],
    [439, "CANNOT_SCHEDULE_TASK", busy],
    [364, "RECEIVED_ERROR_TOO_MANY_REQUESTS", busy],
    [574, "DISTRIBUTED_TOO_MANY_PENDING_BYTES", "the Distributed table has more to send on than it can"],
    [692, "TOO_MANY_MUTATIONS", "mutations are behind: each insert makes it worse"],
    [700, "USER_SESSION_LIMIT_EXCEEDED", busy],
    [745, "SERVER_OVERLOADED", busy],
    [749, "TCP_CONNECTION_LIMIT_REACHED", busy],
    [762, "HTTP_CONNECTION_LIMIT_REACHED", busy],
    [763, "SESSION_REFUSED", busy],
    [776, "RESOURCE_LIMIT_EXCEEDED", busy],
    [777, "MEMORY_RESERVATION_KILLED", busy],
    [778, "MEMORY_RESERVATION_FAILED", busy],
    [999, "KEEPER_EXCEPTION", "Keeper is away, or busy", "see to ClickHouse Keeper"],
  ]),
  ...rows("disk", [
    [24, "CANNOT_WRITE_TO_OSTREAM", files, disk],
    [74, "CANNOT_READ_FROM_FILE_DESCRIPTOR", files, disk],
    [75, "CANNOT_WRITE_TO_FILE_DESCRIPTOR", files, disk],
    [76, "CANNOT_OPEN_FILE", files, disk],
    [77, "CANNOT_CLOSE_FILE", files, disk],
    [172, "CANNOT_CREATE_DIRECTORY", files, disk],
    [204, "CANNOT_FSYNC", files, disk],
    [214, "CANNOT_STATVFS", files, disk],
    [243, "NOT_ENOUGH_SPACE", "space comes back with merges, TTL or an operator", disk],
    [275, "AIO_WRITE_ERROR", files, disk],
    [294, "CANNOT_WRITE_TO_FILE", files, disk],
    [424, "CANNOT_LINK", files, disk],
    [499, "S3_ERROR", files, "see to the object storage that the table lies on"],
    [500, "AZURE_BLOB_STORAGE_ERROR", files, "see to the object storage that the table lies on"],
    [586, "CANNOT_CREATE_FILE", files, disk],
    [641, "CANNOT_APPEND_TO_FILE", files, disk],
    [771, "CACHE_CANNOT_WRITE_TO_CACHE_DISK", files, disk],
  ]),
  ...rows("data", [
    [6, "CANNOT_PARSE_TEXT", value],
    [11, "POSITION_OUT_OF_BOUND", computed],
    [12, "PARAMETER_OUT_OF_BOUND", computed],
    [19, "SIZE_OF_FIXED_STRING_DOESNT_MATCH", value],
    [25, "CANNOT_PARSE_ESCAPE_SEQUENCE", computed],
    [26, "CANNOT_PARSE_QUOTED_STRING", computed],
    [27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED", value],
    [36, "BAD_ARGUMENTS", "an enum value that the column does not have, or a value that a DEFAULT cannot take"],
    [38, "CANNOT_PARSE_DATE", value],
    [41, "CANNOT_PARSE_DATETIME", value],
    [69, "ARGUMENT_OUT_OF_BOUND", value],
    [70, "CANNOT_CONVERT_TYPE", value],
    [72, "CANNOT_PARSE_NUMBER", value],
    [117, "INCORRECT_DATA", value],
    [128, "TOO_LARGE_ARRAY_SIZE", value],
    [120, "CANNOT_INSERT_VALUE_OF_DIFFERENT_SIZE_INTO_TUPLE", computed],
    [130, "CANNOT_READ_ARRAY_FROM_TEXT", computed],
    [131, "TOO_LARGE_STRING_SIZE", value],
    [135, "ZERO_ARRAY_OR_TUPLE_INDEX", computed],
    [153, "ILLEGAL_DIVISION", computed],
    [169, "BAD_TYPE_OF_FIELD", computed],
    [170, "BAD_GET", computed],
    [190, "SIZES_OF_ARRAYS_DONT_MATCH", value],
    [321, "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE", value],
    [346, "CANNOT_CONVERT_CHARSET", computed],
    [349, "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN", value],
    [366, "SIZES_OF_NESTED_COLUMNS_ARE_INCONSISTENT", value],
    [376, "CANNOT_PARSE_UUID", computed],
    [395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", computed],
    [407, "DECIMAL_OVERFLOW", value],
    [441, "CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING", computed],
    [447, "HYPERSCAN_CANNOT_SCAN_TEXT", computed],
    [467, "CANNOT_PARSE_BOOL", computed],
    [469, "VIOLATED_CONSTRAINT", "a CHECK constraint of the table"],
    [490, "CANNOT_FORMAT_DATETIME", computed],
    [563, "CANNOT_READ_MAP_FROM_TEXT", computed],
    [585, "CANNOT_PARSE_YAML", computed],
    [621, "CANNOT_NORMALIZE_STRING", computed],
    [632, "UNEXPECTED_DATA_AFTER_PARSED_VALUE", computed],
    [645, "NUMBER_OF_DIMENSIONS_MISMATCHED", value],
    [675, "CANNOT_PARSE_IPV4", computed],
    [676, "CANNOT_PARSE_IPV6", computed],
    [691, "UNKNOWN_ELEMENT_OF_ENUM", value],
    [760, "UNICODE_ERROR", computed],
  ]),
  ...rows("fatal", [
    [7, "INCORRECT_NUMBER_OF_COLUMNS", "the table has changed", restart],
    [8, "THERE_IS_NO_COLUMN", "a column of the plan is gone", restart],
    [10, "NOT_FOUND_COLUMN_IN_BLOCK", "a column of the plan is gone", restart],
    [16, "NO_SUCH_COLUMN_IN_TABLE", "a column of the plan is gone", restart],
    [20, "NUMBER_OF_COLUMNS_DOESNT_MATCH", "the table has changed", restart],
    [34, "TOO_MANY_ARGUMENTS_FOR_FUNCTION", "the table or a view uses what the server does not have", version],
    [35, "TOO_FEW_ARGUMENTS_FOR_FUNCTION", "the table or a view uses what the server does not have", version],
    [42, "NUMBER_OF_ARGUMENTS_DOESNT_MATCH", "the table or a view uses what the server does not have", version],
    [43, "ILLEGAL_TYPE_OF_ARGUMENT", "the table or a view has changed", restart],
    [
      44,
      "ILLEGAL_COLUMN",
      "a column cannot be inserted into (is it MATERIALIZED, ALIAS or EPHEMERAL by now?), or a setting forbids its type",
      `${restart}; for a forbidden type: ${profile}`,
    ],
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
    [63, "UNKNOWN_AGGREGATE_FUNCTION", "a view uses what the server does not have", version],
    [73, "UNKNOWN_FORMAT", "the server does not know the insert's format", version],
    [81, "UNKNOWN_DATABASE", "the database does not exist", "run `millrace migrate`, or create it"],
    [115, "UNKNOWN_SETTING", "the server does not know a setting", version],
    [158, "TOO_MANY_ROWS", limited, profile],
    [161, "TOO_MANY_COLUMNS", limited, wide],
    [164, "READONLY", "the user may only read", "give the user a profile without readonly"],
    [165, "TOO_MANY_TEMPORARY_COLUMNS", limited, wide],
    [166, "TOO_MANY_TEMPORARY_NON_CONST_COLUMNS", limited, wide],
    [167, "TOO_DEEP_AST", limited, wide],
    [168, "TOO_BIG_AST", limited, wide],
    [
      174,
      "CYCLIC_ALIASES",
      "DEFAULT expressions of the table speak of each other",
      "ALTER TABLE … MODIFY COLUMN one of them",
    ],
    [180, "THERE_IS_NO_PROFILE", "the user's profile does not exist", "mend the user's settings profile"],
    [191, "SET_SIZE_LIMIT_EXCEEDED", limited, profile],
    [192, "UNKNOWN_USER", LOGIN_REFUSED, "check CLICKHOUSE_USER"],
    [193, "WRONG_PASSWORD", LOGIN_REFUSED, "check CLICKHOUSE_PASSWORD"],
    [194, "REQUIRED_PASSWORD", LOGIN_REFUSED, "set CLICKHOUSE_PASSWORD"],
    [195, "IP_ADDRESS_NOT_ALLOWED", LOGIN_REFUSED, "allow this machine's address for the user"],
    [199, "UNKNOWN_QUOTA", "the user's quota does not exist", "mend the user's quota"],
    [207, "AMBIGUOUS_IDENTIFIER", "the table or a view has changed", restart],
    [
      217,
      "CLIENT_HAS_CONNECTED_TO_WRONG_PORT",
      "CLICKHOUSE_URL names a port of another protocol",
      "use the HTTP port, 8123 or 8443",
    ],
    [218, "TABLE_IS_DROPPED", "the table is being dropped", "create it again: millrace migrate"],
    [229, "QUERY_IS_TOO_LARGE", long, longRemedy],
    [277, "INDEX_NOT_USED", limited, profile],
    [291, "DATABASE_ACCESS_DENIED", RIGHT_MISSING, "GRANT INSERT on the table"],
    [307, "TOO_MANY_BYTES", limited, profile],
    [344, "SUPPORT_IS_DISABLED", "the server was told not to do this", "ask who runs the server"],
    [386, "NO_COMMON_TYPE", "the table or a view has changed", restart],
    [392, "QUERY_IS_PROHIBITED", "the server was told not to do this", "ask who runs the server"],
    [396, "TOO_MANY_ROWS_OR_BYTES", limited, profile],
    [
      397,
      "QUERY_IS_NOT_SUPPORTED_IN_MATERIALIZED_VIEW",
      "a view cannot be run",
      "drop the view and create it anew, or detach it",
    ],
    [446, "FUNCTION_NOT_ALLOWED", "the server was told not to do this", "ask who runs the server"],
    [452, "SETTING_CONSTRAINT_VIOLATION", "the profile pins a setting", profile],
    [455, "SUSPICIOUS_TYPE_FOR_LOW_CARDINALITY", "a column's type is not allowed here", profile],
    [471, "INVALID_SETTING_VALUE", "the server does not know a setting's value", version],
    [472, "READONLY_SETTING", "the profile pins a setting", profile],
    [477, "INVALID_USAGE_OF_INPUT", "the server does not understand the insert", version],
    [
      482,
      "DICTIONARY_ACCESS_DENIED",
      RIGHT_MISSING,
      "GRANT dictGet on the dictionaries that the views and DEFAULT expressions read",
    ],
    [492, "ACCESS_ENTITY_NOT_FOUND", "a user, role or profile is gone", "mend the user's roles and profile"],
    [496, "QUOTA_REQUIRES_CLIENT_KEY", "the user's quota wants a key for each client", "give the user another quota"],
    [497, "ACCESS_DENIED", RIGHT_MISSING, "GRANT INSERT on the table, and SELECT on what its views read"],
    [511, "UNKNOWN_ROLE", RIGHT_MISSING, "check the user's roles"],
    [512, "SET_NON_GRANTED_ROLE", RIGHT_MISSING, "check the user's roles"],
    [516, "AUTHENTICATION_FAILED", LOGIN_REFUSED, credentials],
    [565, "TOO_MANY_PARTITIONS", limited, profile],
    [620, "QUERY_NOT_ALLOWED", "the server was told not to do this", "ask who runs the server"],
    [
      701,
      "CLUSTER_DOESNT_EXIST",
      "the Distributed table names a cluster that is not there",
      "mend remote_servers of the server",
    ],
    [720, "USER_EXPIRED", LOGIN_REFUSED, "ALTER USER … VALID UNTIL"],
    [764, "DEDUPLICATION_IS_NOT_POSSIBLE", "the server cannot keep the token", "run millrace doctor"],
    [767, "REQUIRED_SECOND_FACTOR", LOGIN_REFUSED, "use a user without a second factor"],
    [774, "TABLE_IS_PERMANENTLY_READ_ONLY", "the table's disk takes no writes", "use a table on a disk that does"],
  ]),
];
