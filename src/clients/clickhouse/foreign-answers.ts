import type { InsertErrorClass } from "./insert-errors.ts";

/** What to do about an answer that is not ClickHouse's, by its HTTP status. */
export interface ForeignDiagnosis {
  class: InsertErrorClass;
  reason: string;
  remedy: string;
}

const login =
  "check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD, and what the proxy in front of ClickHouse asks of its clients";
const elsewhere = "check CLICKHOUSE_URL: it has to name ClickHouse's HTTP interface (8123 or 8443), or a proxy to it";

const byStatus: Record<number, ForeignDiagnosis> = {
  401: { class: "fatal", reason: "the login is refused before ClickHouse sees it", remedy: login },
  403: { class: "fatal", reason: "the login is refused before ClickHouse sees it", remedy: login },
  407: { class: "fatal", reason: "a proxy wants a login of its own", remedy: login },
  408: { class: "retry", reason: "the upload stood still", remedy: "" },
  411: {
    class: "fatal",
    reason: "the proxy passes on no request without a Content-Length",
    remedy: "let it pass chunked bodies on (nginx: proxy_request_buffering off)",
  },
  413: {
    class: "fatal",
    reason: "the proxy refuses a body of this size",
    remedy:
      "raise its limit well above the profile's flushBytes (nginx: client_max_body_size 256m); ranges that are announced keep their size",
  },
  414: {
    class: "fatal",
    reason: "the statement is too long for the proxy",
    remedy: "raise its limit on the request line (nginx: large_client_header_buffers 4 1m), or list fewer columns",
  },
  425: { class: "retry", reason: "the proxy asks for the request again", remedy: "" },
  429: { class: "overload", reason: "the proxy limits the number of requests", remedy: "raise its limit" },
  431: {
    class: "fatal",
    reason: "the statement is too long for the proxy",
    remedy: "raise its limit on the request line (nginx: large_client_header_buffers 4 1m), or list fewer columns",
  },
};

/** A gateway whose ClickHouse is away passes; whoever does not know the request at all is the wrong one to ask. */
export function diagnoseForeignAnswer(status: number): ForeignDiagnosis {
  const known = byStatus[status];
  if (known !== undefined) return known;
  if (status >= 500) return { class: "retry", reason: "the proxy cannot reach ClickHouse", remedy: "" };
  return { class: "fatal", reason: "something other than ClickHouse answers", remedy: elsewhere };
}
