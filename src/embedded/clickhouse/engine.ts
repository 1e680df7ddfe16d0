/**
 * Runs statements on the engine, several at a time.
 *
 * Each statement gets a connection of its own, closed afterwards. Opening one costs 0.1 ms, and nothing that a statement
 * sets (settings, parameters, current database, temporary tables) can reach the next statement, which resetting a pooled
 * connection could not promise: a parameter, once set, cannot be unset.
 */
import { fileURLToPath } from "node:url";
import { quoteName, quoteText } from "../../clients/clickhouse/sql-text.ts";
import { MillraceError } from "../../core/errors.ts";
import { makeDataFolder } from "../../run/directory-lock.ts";
import { databaseError, fromEngineError } from "./database-error.ts";
import { loadNativeEngine, type NativeConnection } from "./native.ts";
import { createSlots } from "./slots.ts";

export type EngineQuery = {
  sql: string;
  /** Format of the answer unless the statement has a FORMAT clause. */
  format: string;
  /** True for an INSERT: the answer is empty and the written rows are counted. */
  isInsert: boolean;
  /** Insert data that stand after the statement (VALUES); other data come from files. */
  inlineData?: Uint8Array;
  database?: string | undefined;
  settings?: ReadonlyMap<string, string>;
  parameters?: ReadonlyMap<string, string>;
};

export type EngineResult = {
  bytes: Uint8Array;
  elapsedNs: number;
  readRows: number;
  readBytes: number;
  /** Rows put into the target and into the targets of its materialized views, before deduplication. */
  writtenRows: number;
  writtenBytes: number;
};

export type Engine = {
  /**
   * Waits for a free slot in order of arrival, then runs. Throws `DatabaseError`; aborting the signal drops a query that
   * still waits (code 236), a running one goes on.
   */
  run(query: EngineQuery, signal?: AbortSignal): Promise<EngineResult>;
  /** Resolves when nothing runs any more, or after `timeoutMs`; then closes the engine if it is idle. */
  close(timeoutMs: number): Promise<void>;
};

const lineEnd = new Uint8Array([10]);
const configFile = fileURLToPath(new URL("./engine.xml", import.meta.url));

/** SET and USE that give a fresh connection the query's surroundings; empty if there are none. */
function preamble(query: EngineQuery): string {
  const assignments = [
    ...[...(query.settings ?? [])].map(([name, value]) => `${quoteName(name)} = ${quoteText(value)}`),
    ...[...(query.parameters ?? [])].map(([name, value]) => `${quoteName(`param_${name}`)} = ${quoteText(value)}`),
  ];
  const set = assignments.length > 0 ? `SET ${assignments.join(", ")};` : "";
  return set + (query.database ? `USE ${quoteName(query.database)};` : "");
}

function openFailure(dataDir: string, cause: unknown): MillraceError {
  return new MillraceError(
    "E_DATA_DIR_HELD",
    `Cannot open the ClickHouse data directory ${dataDir}. Another process has it open (one process at a time can), ` +
      "or it is not writable: stop that process or choose another directory.",
    { cause },
  );
}

/**
 * Opens the data directory.
 *
 * @throws MillraceError E_DATA_DIR_HELD if another process has it, E_CONFIG if it cannot be made or written, E_EMBEDDED
 * without an engine
 */
export function openEngine(options: { dataDir: string; sessions: number; queuedMax: number }): Engine {
  const native = loadNativeEngine();
  const path = makeDataFolder(options.dataDir);
  // This connection keeps the engine and its background threads alive between queries.
  let anchor: NativeConnection;
  // The engine takes the server's time zone from TZ, and only when it starts.
  const { TZ } = process.env;
  process.env.TZ = "UTC";
  try {
    anchor = native.CreateConnection(path, [`--config-file=${configFile}`]);
  } catch (cause) {
    throw openFailure(path, cause);
  } finally {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  }
  const slots = createSlots(options.sessions, options.queuedMax);

  async function execute(query: EngineQuery): Promise<EngineResult> {
    const connection = native.CreateConnection(path);
    try {
      const surroundings = preamble(query);
      if (surroundings !== "") await native.QueryAsyncConnection(connection, surroundings, "Null");
      if (!query.isInsert) {
        const result = await native.QueryAsyncConnection(connection, query.sql, query.format);
        return {
          bytes: result.bytes,
          elapsedNs: Math.round(result.elapsed * 1e9),
          readRows: result.rowsRead,
          readBytes: result.bytesRead,
          writtenRows: 0,
          writtenBytes: 0,
        };
      }
      const data = query.inlineData ?? lineEnd;
      const result = await native.InsertRawAsyncConnection(connection, query.sql, data, false);
      return {
        bytes: new Uint8Array(0),
        elapsedNs: Math.round(result.elapsed * 1e9),
        readRows: 0,
        readBytes: 0,
        writtenRows: result.rowsWritten,
        writtenBytes: result.bytesWritten,
      };
    } catch (thrown) {
      throw fromEngineError(thrown);
    } finally {
      native.CloseConnection(connection);
    }
  }

  return {
    async run(query, signal) {
      const release = await slots.acquire(signal);
      try {
        return await execute(query);
      } finally {
        release();
      }
    },
    async close(timeoutMs) {
      slots.refuse(() => databaseError("ABORTED", "The server is shutting down"));
      // Closing the engine under a running query would abort the process; the caller exits instead.
      if (await slots.whenIdle(timeoutMs)) native.CloseConnection(anchor);
    },
  };
}
