import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** A server that sends back what it gets, and ends when its client ends. */
let echo: Server;
let proxy: TcpProxy;
let clients: Socket[];

beforeEach(async () => {
  echo = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  proxy = await startTcpProxy((echo.address() as AddressInfo).port);
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await proxy.close();
  echo.close();
});

function open(): Socket {
  const client = connect(proxy.port, "127.0.0.1");
  clients.push(client);
  return client;
}

async function received(client: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function endOf(client: Socket): Promise<string> {
  return new Promise((resolve) => {
    client.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
    client.once("end", () => resolve("end"));
    client.resume();
  });
}

describe("startTcpProxy()", () => {
  it("passes everything in both directions, and the half-closed end", async () => {
    const sent = Buffer.alloc(3_000_000, "0123456789abcdef");
    const client = open();
    client.end(sent);
    expect((await received(client)).equals(sent)).toBe(true);
  });

  it("resets open connections and goes on serving new ones", async () => {
    const client = open();
    client.write("x");
    await once(client, "data");
    const end = endOf(client);
    expect(proxy.connectionCount).toBe(1);
    expect(proxy.resetAll()).toBe(1);
    expect(await end).toBe("ECONNRESET");
    const next = open();
    next.end("y");
    expect(String(await received(next))).toBe("y");
  });

  it("resets new connections while it refuses", async () => {
    proxy.setRefusing(true);
    expect(await endOf(open())).toBe("ECONNRESET");
    proxy.setRefusing(false);
    const client = open();
    client.end("z");
    expect(String(await received(client))).toBe("z");
  });

  it("slows down what passes while a speed is set", async () => {
    const client = open();
    const startedMs = performance.now();
    proxy.setSpeed({ latencyMs: 60, bytesPerSecond: 1_000_000 });
    client.end("slow");
    expect(String(await received(client))).toBe("slow");
    expect(performance.now() - startedMs).toBeGreaterThan(115); // there and back
  });

  it("resets the client when the server cannot be reached", async () => {
    const orphan = await startTcpProxy(1);
    const client = connect(orphan.port, "127.0.0.1");
    expect(await endOf(client)).toBe("ECONNRESET");
    await orphan.close();
  });
});
