import { once } from "node:events";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** A statement that went to ClickHouse over HTTP, with the values of its parameters as they were in the URL. */
export interface RecordedQuery {
  sql: string;
  /** `param_…` of the URL. */
  parameters: Record<string, string>;
}

/** The longest statement that is kept; what is longer in a body is data. */
const STATEMENT_BYTES_MAX = 256 * 1024;

/**
 * Stands between the program and a ClickHouse server on `targetPort` and keeps every statement: those in the URL
 * (inserts), and those that are the body (all others).
 */
export async function startQueryRecorder(
  targetPort: number,
): Promise<{ url: string; queries: RecordedQuery[]; close(): Promise<void> }> {
  const queries: RecordedQuery[] = [];
  const server = createServer((incoming, outgoing) => {
    const search = new URL(incoming.url ?? "/", "http://localhost").searchParams;
    const parameters = Object.fromEntries([...search].filter(([name]) => name.startsWith("param_")));
    const inUrl = search.get("query");
    const body: Buffer[] = [];
    let size = 0;
    if (inUrl !== null) queries.push({ sql: inUrl, parameters });
    else {
      incoming.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= STATEMENT_BYTES_MAX) body.push(chunk);
      });
      incoming.on("end", () => {
        if (size > 0) queries.push({ sql: Buffer.concat(body).toString("utf8"), parameters });
      });
    }
    const { method, url, headers } = incoming;
    const forwarded = send({ host: "127.0.0.1", port: targetPort, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    queries,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
