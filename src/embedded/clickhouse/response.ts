/** Writes answers with the headers of ClickHouse's HTTP interface. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { type DatabaseError, httpStatusOf } from "./database-error.ts";
import type { EngineResult } from "./engine.ts";
import { contentTypeOf } from "./formats.ts";

const engineVersion = "26.7.2.1";
const serverName = "millrace-embedded";
export const keepAliveTimeoutMs = 10_000;

type Deflate = (bytes: Uint8Array) => Promise<Buffer>;

const deflaters: [name: string, deflate: Deflate][] = [
  ["gzip", promisify((bytes: Uint8Array, done: zlib.CompressCallback) => zlib.gzip(bytes, { level: 3 }, done))],
  ["deflate", promisify((bytes: Uint8Array, done: zlib.CompressCallback) => zlib.deflate(bytes, { level: 3 }, done))],
  [
    "br",
    promisify((bytes: Uint8Array, done: zlib.CompressCallback) =>
      zlib.brotliCompress(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } }, done),
    ),
  ],
];
if (typeof zlib.zstdCompress === "function") deflaters.unshift(["zstd", promisify(zlib.zstdCompress)]);

function deflaterFor(request: IncomingMessage, url: URL): [string, Deflate] | undefined {
  if (url.searchParams.get("enable_http_compression") === "0") return undefined;
  const accepted = String(request.headers["accept-encoding"] ?? "")
    .split(",")
    .map((part) => part.split(";")[0]!.trim().toLowerCase());
  return deflaters.find(([name]) => accepted.includes(name));
}

/** Rows in an answer, where the format lets them be counted at the cost of one pass; otherwise 0. */
export function countResultRows(format: string, bytes: Uint8Array): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (/^JSON(Compact|Strings|CompactStrings)?$/i.test(format)) {
    // "rows" follows the data; the statistics after it are short.
    const tail = text.subarray(Math.max(0, text.length - 512)).toString("latin1");
    return Number([...tail.matchAll(/"rows":\s*(\d+)/g)].at(-1)?.[1] ?? 0);
  }
  if (!/^(TSV|TabSeparated|CSV|JSON\w*EachRow|JSONLines|NDJSON)/i.test(format)) return 0;
  let lines = 0;
  for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) lines++;
  const headerLines = /WithNamesAndTypes$/i.test(format) ? 2 : /WithNames$/i.test(format) ? 1 : 0;
  return Math.max(0, lines - headerLines);
}

/** The JSON of X-ClickHouse-Summary; all values are decimal strings, as the server writes them. */
function summaryOf(result: EngineResult, resultRows: number): string {
  const values = {
    read_rows: result.readRows,
    read_bytes: result.readBytes,
    written_rows: result.writtenRows,
    written_bytes: result.writtenBytes,
    total_rows_to_read: result.readRows,
    result_rows: resultRows,
    result_bytes: result.bytes.length,
    elapsed_ns: result.elapsedNs,
  };
  return JSON.stringify(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])));
}

/** Clients take their own idle time from this header; without it they reuse connections that are about to close. */
function setKeepAlive(response: ServerResponse): void {
  if (response.shouldKeepAlive) response.setHeader("Keep-Alive", `timeout=${keepAliveTimeoutMs / 1000}`);
}

function setCommonHeaders(response: ServerResponse, queryId: string): void {
  setKeepAlive(response);
  response.setHeader("X-ClickHouse-Server-Display-Name", serverName);
  response.setHeader("X-ClickHouse-Timezone", "UTC");
  // A header cannot hold control characters; the id is the client's own.
  response.setHeader("X-ClickHouse-Query-Id", queryId.replace(/[^\x20-\x7e]/g, "?"));
}

export async function sendResult(
  exchange: { request: IncomingMessage; response: ServerResponse; url: URL; queryId: string },
  result: EngineResult,
  format: string,
  resultRows: number,
): Promise<void> {
  const { request, response, url, queryId } = exchange;
  setCommonHeaders(response, queryId);
  response.setHeader("Content-Type", contentTypeOf(format));
  response.setHeader("X-ClickHouse-Format", format);
  response.setHeader("X-ClickHouse-Summary", summaryOf(result, resultRows));
  let bytes = result.bytes;
  const deflater = bytes.length > 0 ? deflaterFor(request, url) : undefined;
  if (deflater !== undefined) {
    bytes = await deflater[1](bytes);
    response.setHeader("Content-Encoding", deflater[0]);
    response.setHeader("Vary", "Accept-Encoding");
  }
  response.setHeader("Content-Length", bytes.length);
  response.writeHead(200);
  response.end(bytes);
}

export function sendError(response: ServerResponse, queryId: string, error: DatabaseError): void {
  if (response.headersSent || response.destroyed) return;
  setCommonHeaders(response, queryId);
  const body = `${error.message} (version ${engineVersion} (embedded))\n`;
  response.setHeader("Content-Type", "text/plain; charset=UTF-8");
  response.setHeader("X-ClickHouse-Exception-Code", error.databaseCode);
  response.setHeader("Content-Length", Buffer.byteLength(body));
  if (error.databaseCode === 516) response.setHeader("WWW-Authenticate", 'Basic realm="ClickHouse server HTTP API"');
  response.writeHead(httpStatusOf(error.databaseCode));
  response.end(body);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  setKeepAlive(response);
  response.setHeader("Content-Type", "text/html; charset=UTF-8");
  response.setHeader("Content-Length", Buffer.byteLength(text));
  response.writeHead(status);
  response.end(text);
}
