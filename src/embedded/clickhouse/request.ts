/** Reads what the URL and the headers of a request say, as ClickHouse's HTTP interface does. */
import type { IncomingHttpHeaders } from "node:http";

export type RequestOptions = {
  queryParameter: string;
  queryId: string;
  database: string | undefined;
  defaultFormat: string | undefined;
  user: string;
  password: string;
  /** URL parameters that are settings of the query. */
  settings: Map<string, string>;
  /** Values of `{name:Type}` placeholders: the URL's `param_name`, in TSV escaping. */
  parameters: Map<string, string>;
  /** The client's own checksum-and-LZ4 framing, which only native clients use. */
  usesNativeCompression: boolean;
};

// Parameters that steer the interface itself, and settings that only concern how a server sends its answer: this one
// sends answers whole, so there is nothing for them to change.
const interfaceParameters = new Set([
  "query",
  "query_id",
  "database",
  "default_format",
  "user",
  "password",
  "quota_key",
  "session_id",
  "session_timeout",
  "session_check",
  "close_session",
  "stacktrace",
  "role",
  "client_protocol_version",
  "compress",
  "decompress",
  "buffer_size",
  "wait_end_of_query",
  "enable_http_compression",
  "http_zlib_compression_level",
  "send_progress_in_http_headers",
  "http_headers_progress_interval_ms",
  "http_response_buffer_size",
  "http_wait_end_of_query",
  "cancel_http_readonly_queries_on_client_close",
]);

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function readBasicCredentials(header: string | undefined): { user: string; password: string } | undefined {
  const encoded = /^Basic\s+(\S+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? { user: text, password: "" } : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Order of precedence for credentials as on the server: X-ClickHouse headers, Basic, then URL parameters. */
export function readRequestOptions(url: URL, headers: IncomingHttpHeaders): RequestOptions {
  const search = url.searchParams;
  const basic = readBasicCredentials(headers.authorization);
  const settings = new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const [name, value] of search) {
    if (name.startsWith("param_")) parameters.set(name.slice("param_".length), value);
    else if (!interfaceParameters.has(name)) settings.set(name, value);
  }
  return {
    queryParameter: search.getAll("query").join(""),
    queryId: search.get("query_id") || headerOf(headers, "x-clickhouse-query-id") || crypto.randomUUID(),
    database: search.get("database") || headerOf(headers, "x-clickhouse-database") || undefined,
    defaultFormat: search.get("default_format") || headerOf(headers, "x-clickhouse-format") || undefined,
    user: headerOf(headers, "x-clickhouse-user") ?? basic?.user ?? search.get("user") ?? "default",
    password: headerOf(headers, "x-clickhouse-key") ?? basic?.password ?? search.get("password") ?? "",
    settings,
    parameters,
    usesNativeCompression: search.get("compress") === "1" || search.get("decompress") === "1",
  };
}
