/**
 * The engine's native calls. The package's public API runs any statement but tells written rows only for a few text
 * inserts, so the addon behind it is called directly; chdb is pinned to an exact version for that reason.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { MillraceError } from "../../core/errors.ts";
import { requireEngine } from "../../run/engine-library.ts";

export type NativeConnection = unknown;

export type NativeResult = { bytes: Uint8Array; elapsed: number; rowsRead: number; bytesRead: number };
export type NativeWriteResult = { elapsed: number; rowsWritten: number; bytesWritten: number };

export type NativeEngine = {
  CreateConnection(path: string, args?: string[]): NativeConnection;
  CloseConnection(connection: NativeConnection): void;
  /** Runs on a thread of the libuv pool. One call at a time for each connection. */
  QueryAsyncConnection(connection: NativeConnection, sql: string, format: string): Promise<NativeResult>;
  /** Runs `sql` with `data` after it; the sql must not end with a line break, the addon adds its own. */
  InsertRawAsyncConnection(
    connection: NativeConnection,
    sql: string,
    data: Uint8Array,
    countLines: boolean,
  ): Promise<NativeWriteResult>;
};

/** Loads the addon. @throws MillraceError E_CONFIG where chdb has no build for this machine, E_EMBEDDED when it fails. */
export function loadNativeEngine(): NativeEngine {
  requireEngine();
  // Each running query holds a thread of the libuv pool. Its default of four would make the fifth query, and file and
  // zlib work, wait for the others; the size is read when the pool is first used.
  process.env.UV_THREADPOOL_SIZE ??= "16";
  try {
    const require = createRequire(import.meta.url);
    const loader = join(dirname(require.resolve("chdb")), "dist", "loader.js");
    return (require(loader) as { loadNative(): NativeEngine }).loadNative();
  } catch (cause) {
    throw new MillraceError(
      "E_EMBEDDED",
      "Cannot load the embedded ClickHouse engine (npm package chdb). Set CLICKHOUSE_URL to use a server instead.",
      { cause },
    );
  }
}
