import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How slow a line is. Both directions alike. */
export interface LineSpeed {
  /** Added to each piece (at most 64 KiB) that passes, one after the other. */
  latencyMs: number;
  bytesPerSecond: number;
}

/** Sees what passes on one connection, whole pieces in order, and may change what comes back. */
export interface LineFilter {
  request(chunk: Buffer): void;
  /** What goes on to the client instead; nothing as long as more is needed. */
  answer(chunk: Buffer): Buffer[];
}

export interface TcpProxy {
  readonly port: number;
  /** Connections open at this moment. */
  readonly connectionCount: number;
  /** Undefined: as fast as the machine is. Holds for what passes from now on. */
  setSpeed(speed: LineSpeed | undefined): void;
  /** Resets every open connection towards both ends. Returns how many there were. */
  resetAll(): number;
  /** New connections are reset as soon as they are accepted. */
  setRefusing(isRefusing: boolean): void;
  close(): Promise<void>;
}

/**
 * A proxy on loopback, on a free port, for connections to `targetPort`. What it does not change passes unchanged.
 * `follow` makes the filter of a new connection.
 */
export async function startTcpProxy(targetPort: number, follow?: () => LineFilter): Promise<TcpProxy> {
  const pairs = new Set<[client: Socket, upstream: Socket]>();
  let speed: LineSpeed | undefined;
  let isRefusing = false;

  async function pass(from: Socket, to: Socket, filter: (chunk: Buffer) => Buffer[]): Promise<void> {
    // The default of the iterator would destroy the socket at its end, and with it the other direction.
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (speed !== undefined) await sleep(speed.latencyMs + (chunk.length / speed.bytesPerSecond) * 1_000);
      for (const piece of filter(chunk)) {
        if (to.destroyed) return;
        if (!to.write(piece)) await Promise.race([once(to, "drain"), once(to, "close")]);
      }
    }
    to.end();
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", () => undefined);
    if (isRefusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ host: "127.0.0.1", port: targetPort, allowHalfOpen: true, noDelay: true });
    upstream.on("error", () => undefined);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      for (const socket of pair) if (!socket.destroyed) socket.resetAndDestroy();
    };
    // Each half ends by itself when its sender has nothing more to say; a half that breaks breaks the other.
    const filter = follow?.();
    const asks = (chunk: Buffer) => {
      filter?.request(chunk);
      return [chunk];
    };
    const answers = (chunk: Buffer) => filter?.answer(chunk) ?? [chunk];
    Promise.all([pass(client, upstream, asks), pass(upstream, client, answers)]).then(() => pairs.delete(pair), end);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  function resetAll(): number {
    const open = [...pairs];
    for (const pair of open) for (const socket of pair) socket.resetAndDestroy();
    pairs.clear();
    return open.length;
  }

  return {
    port: (server.address() as AddressInfo).port,
    get connectionCount() {
      return pairs.size;
    },
    setSpeed(next) {
      speed = next;
    },
    resetAll,
    setRefusing(next) {
      isRefusing = next;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      resetAll();
      await closed;
    },
  };
}
