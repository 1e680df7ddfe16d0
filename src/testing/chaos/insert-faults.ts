import type { ServerResponse } from "node:http";

/** Errors that ClickHouse gives for want of something, by code (system.errors). */
const shortages = {
  241: "MEMORY_LIMIT_EXCEEDED",
  243: "NOT_ENOUGH_SPACE",
  252: "TOO_MANY_PARTS",
} as const;
export type ShortageCode = keyof typeof shortages;

/** What happens to one insert on its way. */
export type InsertFault =
  /** The connection is reset before anything of the insert reaches the server. */
  | { kind: "reset"; when: "before" }
  /** The server gets the first `bytes` of the body, then both ends are reset. */
  | { kind: "reset"; when: "during"; bytes: number }
  /** The server has the whole insert and goes on with it, and the client is reset at that moment. */
  | { kind: "reset"; when: "uploaded" }
  /** The server has answered, and the client is reset instead of getting the answer. */
  | { kind: "reset"; when: "answered" }
  /** The client gets an error: instead of the server, or instead of its answer to the insert that it stored. */
  | { kind: "error"; code: ShortageCode; isStored: boolean };

/** Answers instead of the server. */
export function sendShortage(response: ServerResponse, code: ShortageCode): void {
  const text = `Code: ${code}. DB::Exception: Planted by the chaos run. (${shortages[code]})\n`;
  const headers = { "content-type": "text/plain; charset=UTF-8", "x-clickhouse-exception-code": String(code) };
  response.writeHead(500, headers).end(text);
}

export function describeInsertFault(fault: InsertFault): string {
  if (fault.kind === "error") {
    return `answered ${shortages[fault.code]} ${fault.isStored ? "after it was stored" : "without asking the server"}`;
  }
  if (fault.when === "during") return `reset after ${fault.bytes} bytes`;
  return { before: "reset before it", uploaded: "reset after the upload", answered: "reset instead of the answer" }[
    fault.when
  ];
}
