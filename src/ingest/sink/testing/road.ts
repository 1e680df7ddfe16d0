import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What happens to one insert on its way.
 * - `before`, `during`, `after`: the connection is reset before a byte of the body has passed, when a part of it has,
 *   and when the server has answered.
 * - `cut`: the answer ends early. `noSummary`: it arrives without its summary.
 * - An answer of another's making, instead of the server's: its status and its ClickHouse error, or a proxy's page.
 */
export type Accident =
  | "pass"
  | "before"
  | "during"
  | "after"
  | "cut"
  | "noSummary"
  | { status: number; code: number; name: string }
  | { status: number; html: string };

export interface Road {
  port: number;
  /** What happens to the next inserts, in order; the others pass. */
  accidents: Accident[];
  /** Inserts seen. */
  readonly inserts: number;
  close(): Promise<void>;
}

/** A road to the server on `port`, on which accidents happen to inserts. */
export async function openRoad(port: number): Promise<Road> {
  let inserts = 0;
  const server = createServer((incoming, outgoing) => {
    const isInsert = /query=INSERT/.test(incoming.url ?? "");
    if (isInsert) inserts += 1;
    travel(port, incoming, outgoing, (isInsert ? road.accidents.shift() : undefined) ?? "pass");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const road: Road = {
    port: (server.address() as AddressInfo).port,
    accidents: [],
    get inserts() {
      return inserts;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return road;
}

function travel(port: number, incoming: IncomingMessage, outgoing: ServerResponse, accident: Accident): void {
  if (accident === "before") {
    incoming.socket.destroy();
    return;
  }
  if (typeof accident === "object") {
    incoming.resume();
    incoming.once("end", () => answerInstead(outgoing, accident));
    return;
  }
  const { method, url, headers } = incoming;
  const onward = request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
    if (accident === "after") {
      answer.resume();
      incoming.socket.destroy();
      return;
    }
    const answerHeaders = { ...answer.headers };
    if (accident === "noSummary") delete answerHeaders["x-clickhouse-summary"];
    if (accident === "cut") {
      answer.resume();
      outgoing.writeHead(200, { ...answerHeaders, "content-length": "100" });
      outgoing.write("\n", () => incoming.socket.destroy());
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 500, answerHeaders);
    answer.pipe(outgoing);
  });
  onward.on("error", () => incoming.socket.destroy());
  incoming.pipe(onward);
  if (accident !== "during") return;
  incoming.once("data", () => {
    incoming.socket.destroy();
    onward.destroy();
  });
}

function answerInstead(outgoing: ServerResponse, accident: Exclude<Accident, string>): void {
  const { status } = accident;
  if ("html" in accident) {
    outgoing.writeHead(status, { "content-type": "text/html" });
    outgoing.end(accident.html);
    return;
  }
  const { code, name } = accident;
  outgoing.writeHead(status, { "x-clickhouse-exception-code": String(code) });
  outgoing.end(`Code: ${code}. DB::Exception: not now. (${name}) (version 26.7)\n`);
}
