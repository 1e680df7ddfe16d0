import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { MillraceError } from "../core/errors.ts";

/** Where an embedded server is to answer. */
export interface ListenOptions {
  /** 0 for a free port. */
  port: number;
  /**
   * Takes a free port when the wanted one is taken: decided by listening itself. A server that looked first, and listened
   * seconds later when its data were open, lost the port to one that began at the same time.
   */
  orFree?: boolean;
}

/**
 * Makes a server listen. Returns its port.
 *
 * @param name the server's, for the error
 * @throws MillraceError E_EMBEDDED when it cannot.
 */
export async function listenOn(
  server: Server,
  { port, orFree = false }: ListenOptions,
  host: string,
  name: string,
): Promise<number> {
  try {
    await listen(server, port, host);
  } catch (error) {
    if (!orFree || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw refusal(error, port, host, name);
    await listen(server, 0, host);
  }
  return (server.address() as AddressInfo).port;
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  await once(server, "listening");
}

function refusal(cause: unknown, port: number, host: string, name: string): MillraceError {
  const text = `Cannot listen on ${host}:${port} for the embedded ${name}: ${(cause as Error).message}. Choose another port, 0 for a free one, or stop its holder`;
  return new MillraceError("E_EMBEDDED", text, { cause });
}
