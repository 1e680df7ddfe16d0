/**
 * system.query_log, which the engine does not keep when it runs inside a process: each query becomes a row here, flushed
 * in one insert every few seconds. The table lives in a database of its own, because the engine forgets tables of
 * `system` when it closes; `system.query_log` is a view of it.
 */
import type { IncomingMessage } from "node:http";
import type { DatabaseError } from "./database-error.ts";
import type { Engine, EngineResult } from "./engine.ts";
import type { RequestOptions } from "./request.ts";
import type { Statement } from "./statement.ts";

export type LogEntry = {
  startedMs: number;
  endedMs: number;
  options: RequestOptions;
  statement: Statement | undefined;
  text: string;
  request: IncomingMessage;
} & ({ result: EngineResult; resultRows: number } | { error: DatabaseError });

export type QueryLog = {
  add(entry: LogEntry): void;
  /** Writes what has gathered. */
  flush(): Promise<void>;
  /** Stops the timer; the caller flushes once more. */
  stop(): void;
};

/** As the server itself has it. */
const flushIntervalMs = 7_500;
// Ten thousand rows of a few kilobytes: what a burst between two flushes may hold. Further rows are dropped and counted.
const rowsMax = 10_000;
const queryTextMax = 4_096;

const tableSql = `CREATE TABLE IF NOT EXISTS system_log.query_log (
  hostname LowCardinality(String) DEFAULT hostName(),
  type Enum8('QueryStart' = 1, 'QueryFinish' = 2, 'ExceptionBeforeStart' = 3, 'ExceptionWhileProcessing' = 4),
  event_date Date DEFAULT toDate(event_time),
  event_time DateTime DEFAULT toDateTime(event_time_microseconds),
  event_time_microseconds DateTime64(6),
  query_start_time DateTime DEFAULT toDateTime(query_start_time_microseconds),
  query_start_time_microseconds DateTime64(6),
  query_duration_ms UInt64,
  read_rows UInt64, read_bytes UInt64,
  written_rows UInt64, written_bytes UInt64,
  result_rows UInt64, result_bytes UInt64,
  memory_usage UInt64,
  current_database LowCardinality(String),
  query String,
  normalized_query_hash UInt64 DEFAULT normalizedQueryHash(query),
  query_kind LowCardinality(String),
  databases Array(LowCardinality(String)),
  tables Array(LowCardinality(String)),
  exception_code Int32,
  exception String,
  is_initial_query UInt8 DEFAULT 1,
  user LowCardinality(String),
  query_id String,
  initial_user LowCardinality(String) DEFAULT user,
  initial_query_id String DEFAULT query_id,
  interface UInt8 DEFAULT 2,
  http_method UInt8,
  http_user_agent LowCardinality(String),
  log_comment String,
  ProfileEvents Map(LowCardinality(String), UInt64),
  Settings Map(LowCardinality(String), LowCardinality(String))
) ENGINE = MergeTree ORDER BY (event_date, event_time) TTL event_time + INTERVAL 1 DAY
SETTINGS index_granularity = 8192`;

// Failures that the server finds before it executes anything: syntax, unknown names and types, access.
const beforeStartCodes = new Set([
  36, 42, 43, 46, 47, 50, 53, 56, 60, 62, 63, 73, 78, 81, 115, 164, 202, 456, 457, 516,
]);

const kindNames: Record<string, string> = {
  WITH: "Select",
  FROM: "Select",
  DESC: "Describe",
};

function kindName(kind: string): string {
  return kindNames[kind] ?? kind.charAt(0) + kind.slice(1).toLowerCase();
}

/** A time in the text form of DateTime64(6), which a JSON number could not carry exactly. */
function microsText(epochMs: number): string {
  return new Date(epochMs).toISOString().replace("T", " ").replace("Z", "000");
}

function toRow(entry: LogEntry): Record<string, unknown> {
  const { options, statement, request } = entry;
  const database = options.database ?? "default";
  const tables = (statement?.tables ?? []).map((path) => (path.includes(".") ? path : `${database}.${path}`));
  const row: Record<string, unknown> = {
    event_time_microseconds: microsText(entry.endedMs),
    query_start_time_microseconds: microsText(entry.startedMs),
    query_duration_ms: entry.endedMs - entry.startedMs,
    current_database: database,
    query: entry.text.slice(0, queryTextMax),
    query_kind: kindName(statement?.kind ?? ""),
    databases: [...new Set(tables.map((path) => path.slice(0, path.indexOf("."))))],
    tables,
    user: options.user,
    query_id: options.queryId,
    http_method: request.method === "GET" ? 1 : 2,
    http_user_agent: request.headers["user-agent"] ?? "",
    log_comment: options.settings.get("log_comment") ?? "",
    Settings: Object.fromEntries(options.settings),
  };
  if ("error" in entry) {
    const code = entry.error.databaseCode;
    row.type = beforeStartCodes.has(code) ? "ExceptionBeforeStart" : "ExceptionWhileProcessing";
    row.exception_code = code;
    row.exception = entry.error.message;
    return row;
  }
  const { result } = entry;
  row.type = "QueryFinish";
  row.read_rows = result.readRows;
  row.read_bytes = result.readBytes;
  row.written_rows = result.writtenRows;
  row.written_bytes = result.writtenBytes;
  row.result_rows = entry.resultRows;
  row.result_bytes = result.bytes.length;
  row.ProfileEvents = { Query: 1, [`${row.query_kind}Query`]: 1, InsertedRows: result.writtenRows };
  return row;
}

async function runPlain(engine: Engine, sql: string): Promise<void> {
  await engine.run({ sql, format: "Null", isInsert: false });
}

/** Creates the table and its view, then starts flushing. `onFailure` hears of a flush that failed; its rows are lost. */
export async function openQueryLog(engine: Engine, onFailure: (error: unknown) => void): Promise<QueryLog> {
  await runPlain(engine, "CREATE DATABASE IF NOT EXISTS system_log");
  await runPlain(engine, tableSql);
  await runPlain(engine, "CREATE VIEW IF NOT EXISTS system.query_log AS SELECT * FROM system_log.query_log");
  let rows: string[] = [];
  let droppedRows = 0;
  let flushing: Promise<void> = Promise.resolve();

  async function write(lines: string[]): Promise<void> {
    try {
      await engine.run({
        sql: "INSERT INTO system_log.query_log FORMAT JSONEachRow",
        format: "Null",
        isInsert: true,
        inlineData: Buffer.from(lines.join("\n")),
      });
    } catch (error) {
      onFailure(error);
    }
  }

  function flush(): Promise<void> {
    flushing = flushing.then(async () => {
      const lines = rows;
      rows = [];
      if (droppedRows > 0)
        onFailure(new Error(`${droppedRows} query log rows dropped: ${rowsMax} between two flushes`));
      droppedRows = 0;
      if (lines.length > 0) await write(lines);
    });
    return flushing;
  }

  const timer = setInterval(() => void flush(), flushIntervalMs);
  timer.unref();
  return {
    add(entry) {
      if (rows.length < rowsMax) rows.push(JSON.stringify(toRow(entry)));
      else droppedRows++;
    },
    flush,
    stop: () => clearInterval(timer),
  };
}
