/**
 * The real ClickHouse engine (npm chdb) behind ClickHouse's HTTP interface, for demos, development and tests on one
 * machine. @clickhouse/client, Grafana's plugin in HTTP mode and curl use it as they use a server.
 *
 * What differs from a server: no access control unless credentials are given, no sessions and temporary tables, answers
 * are sent whole when the query ends, a running query cannot be cancelled, one process at a time can hold the data.
 *
 * The summary's written_rows are the engine's own count, with the meaning it has on a server: rows that reached the table
 * and the targets of its materialized views, counted before deduplication. A fenced insert that let nothing through
 * reports 0; a repeated token reports the same count as the first time.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import { MillraceError } from "../../core/errors.ts";
import { isLoopback } from "../../core/loopback.ts";
import { type ListenOptions, listenOn } from "../listen.ts";
import { openEngine } from "./engine.ts";
import { refusalOfPage } from "./foreign-page.ts";
import { handleQuery, type QueryContext } from "./handle-query.ts";
import { openQueryLog, type QueryLog } from "./query-log.ts";
import { keepAliveTimeoutMs, sendText } from "./response.ts";
import { openSpool, type Spool } from "./spool.ts";

export type ClickHouseOptions = ListenOptions & {
  /** Address to listen on; default 127.0.0.1. Any but loopback is refused without `credentials`. */
  host?: string;
  /** Directory of the data; created if missing. */
  dataDir: string;
  /** Queries that run at the same time; default 5: four inserts, as many as a profile has places for, and one that looks. */
  sessions?: number;
  /** Queries that may wait for their turn; default 256. One more is refused with 503 and code 202. */
  queuedMax?: number;
  /** Credentials to ask for (403 and code 516 otherwise); default: accept any. */
  credentials?: { user: string; password: string };
  /** Hears of failures that no client sees, such as a query log flush. Default: one line on standard error. */
  onFailure?: (error: unknown) => void;
};

export type ClickHouseServer = {
  port: number;
  /** Stops accepting, lets running queries finish (at most 10 s), flushes the query log, closes the data directory. */
  close(): Promise<void>;
};

// The client puts an insert's statement, column list included, into the URL; Node's default is 16 KiB.
const headersBytesMax = 1024 * 1024;
const drainTimeoutMs = 10_000;
const flushTimeoutMs = 2_000;

function printFailure(error: unknown): void {
  process.stderr.write(`embedded ClickHouse: ${error instanceof Error ? error.message : String(error)}\n`);
}

function route(context: QueryContext, request: IncomingMessage, response: ServerResponse): void {
  const refusal = refusalOfPage(request.headers, context.credentials !== undefined);
  if (refusal !== undefined) {
    sendText(response, 403, refusal);
    return;
  }
  const target = `http://localhost${request.url ?? "/"}`;
  if (!URL.canParse(target)) {
    sendText(response, 400, "The request target is no path.\n");
    return;
  }
  const url = new URL(target);
  const isKnownMethod = request.method === "GET" || request.method === "POST" || request.method === "PUT";
  if (url.pathname === "/ping" || url.pathname === "/replicas_status") sendText(response, 200, "Ok.\n");
  else if (url.pathname !== "/") sendText(response, 404, `There is no handle ${url.pathname}\n\nUse / or /ping.\n`);
  else if (!isKnownMethod) sendText(response, 405, "Use GET for reading and POST for anything else.\n");
  else void handleQuery(context, request, response, url);
}

/**
 * Starts the server. Throws `E_CONFIG` for an address beyond loopback without credentials, `E_DATA_DIR_HELD` if another process has the data directory, `E_EMBEDDED` if the port is
 * taken or the engine has no build for this machine.
 */
export async function startClickHouse(options: ClickHouseOptions): Promise<ClickHouseServer> {
  const host = options.host ?? "127.0.0.1";
  if (!isLoopback(host) && options.credentials === undefined) {
    throw new MillraceError(
      "E_CONFIG",
      `The embedded ClickHouse cannot listen on ${host}: without credentials it serves this machine alone`,
    );
  }
  const engine = openEngine({
    dataDir: options.dataDir,
    sessions: options.sessions ?? 5,
    queuedMax: options.queuedMax ?? 256,
  });
  let spool: Spool;
  let log: QueryLog;
  try {
    spool = openSpool(options.dataDir);
    log = await openQueryLog(engine, options.onFailure ?? printFailure);
  } catch (cause) {
    await engine.close(flushTimeoutMs);
    throw new MillraceError("E_EMBEDDED", `Cannot prepare the ClickHouse data directory ${options.dataDir}`, { cause });
  }
  const context: QueryContext = { engine, spool, log, credentials: options.credentials };
  const server = createServer({ maxHeaderSize: headersBytesMax }, (request, response) =>
    route(context, request, response),
  );
  server.keepAliveTimeout = keepAliveTimeoutMs;
  // A slow insert may upload for longer than Node's default of five minutes.
  server.requestTimeout = 0;
  const release = async () => {
    log.stop();
    // A query that runs longer than the drain may hold every slot: the log's rows are then given up.
    await Promise.race([log.flush(), setTimeout(flushTimeoutMs, undefined, { ref: false })]);
    await engine.close(flushTimeoutMs);
    spool.close();
  };
  let port: number;
  try {
    port = await listenOn(server, options, host, "ClickHouse");
  } catch (error) {
    await release();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await Promise.race([closed, setTimeout(drainTimeoutMs, undefined, { ref: false })]);
    server.closeAllConnections();
    await release();
  };
  return { port, close: () => (closing ??= close()) };
}
