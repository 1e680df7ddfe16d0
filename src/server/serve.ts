import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { MillraceError } from "../core/errors.ts";
import { checkListenAddress, connectionsMax, serverLimits, standstillMs } from "./http-access.ts";

/** Where a server listens, and what its callers must show. */
export interface HttpPlace {
  /** 0: a free one. */
  port: number;
  address: string;
  token: string | undefined;
  /** A port that nobody has asked for: when it is taken, the next free one is as good. */
  mayMove?: boolean;
}

export interface OpenServer {
  port: number;
  /** As it is typed into a browser. */
  url: string;
  /** Ends all connections, whatever their clients are doing: none of them holds the end of the process. */
  close(): Promise<void>;
}

/** So many ports are looked at before any free one is taken. */
const PORTS_TRIED = 20;

/**
 * Serves the routes. One that reads a body bounds it.
 *
 * @param whose the server's name, for the error
 * @throws MillraceError E_CONFIG when the port is taken, or other machines can reach the address and there is no token.
 */
export async function serveRoutes(routes: Hono, place: HttpPlace, whose: string): Promise<OpenServer> {
  const { port, address, token, mayMove } = place;
  checkListenAddress("--listen", address, token);
  const further = mayMove === true ? Array.from({ length: PORTS_TRIED - 1 }, (_, index) => port + index + 1) : [];
  const ports = mayMove === true ? [port, ...further, 0] : [port];
  for (const each of ports) {
    try {
      return await listen(routes, address, each);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (isTaken && each !== ports.at(-1)) continue;
      throw refusal(error as Error, isTaken, `${whose}: cannot listen on ${hostOf(address)}:${each}`);
    }
  }
  throw new Error("there is always a port to try");
}

function listen({ fetch }: Hono, address: string, port: number): Promise<OpenServer> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: address, serverOptions: serverLimits }, (bound) => {
      resolve({
        port: bound.port,
        url: `http://${hostOf(address)}:${bound.port}`,
        close: () => close(server as Server),
      });
    });
    // Node has no such property before it is set: that it is absent says nothing.
    (server as Server).maxConnections = connectionsMax;
    (server as Server).setTimeout(standstillMs);
    server.on("error", reject);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    // Keep-alive connections of a scraper would hold the close for seconds, one that reads nothing for ever.
    server.closeAllConnections();
  });
}

function refusal(cause: Error, isTaken: boolean, what: string): MillraceError {
  const remedy = isTaken ? ". Another program has this port: name another with --port, or 0 for a free one" : "";
  return new MillraceError("E_CONFIG", `${what} (${cause.message})${remedy}`, { cause });
}

/** An IPv6 address stands in brackets before a port. */
function hostOf(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
