import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { type Body, openBody } from "./body.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Starts a server whose requests' bodies `handle` reads; resolves with its port. */
async function serve(handle: (body: Body, request: IncomingMessage) => Promise<void>): Promise<number> {
  server = createServer((request: IncomingMessage, response: ServerResponse) => {
    handle(openBody(request), request).finally(() => response.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

// No repetition at any power of two, so that chunks in a wrong order differ.
const bytes = Buffer.from(Uint8Array.from({ length: 1_000_003 }, (_, index) => index % 251));

describe("a request body", () => {
  it("is read in parts that join without gap: heads of a minimum length, then the rest", async () => {
    const heads: Buffer[] = [];
    const rest: Buffer[] = [];
    const port = await serve(async (body) => {
      for (const bytesMin of [10, 200_000]) {
        const { bytes, isEnd } = await body.readHead(bytesMin);
        expect([bytes.length >= bytesMin, isEnd]).toEqual([true, false]);
        heads.push(bytes);
      }
      await body.drain((chunk) => rest.push(Buffer.from(chunk)));
    });
    await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: bytes });
    expect(Buffer.concat([...heads, ...rest]).equals(bytes)).toBe(true);
    expect(rest.length).toBeGreaterThan(0);
  });

  it("gives the memory of drained chunks back at once", async () => {
    const buffers: ArrayBufferLike[] = [];
    const port = await serve((body) =>
      body.drain((chunk) => {
        expect((chunk.buffer as ArrayBuffer).detached).toBe(false);
        buffers.push(chunk.buffer);
      }),
    );
    await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: bytes });
    expect(buffers.length).toBeGreaterThan(1);
    expect(buffers.filter((buffer) => !(buffer as ArrayBuffer).detached)).toEqual([]);
  });

  it("inflates, with chunks that share a buffer left whole", async () => {
    const parts: Buffer[] = [];
    const port = await serve((body) => body.drain((chunk) => parts.push(Buffer.from(chunk))));
    const headers = { "Content-Encoding": "gzip" };
    await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: gzipSync(bytes), headers });
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });

  it("reads a whole short body as its head, and nothing after it", async () => {
    const seen: unknown[] = [];
    const port = await serve(async (body) => {
      const { bytes, isEnd } = await body.readHead(100);
      seen.push(bytes.toString(), isEnd, (await body.readHead(100)).isEnd);
      await body.drain(() => seen.push("more"));
    });
    await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "SELECT 1" });
    expect(seen).toEqual(["SELECT 1", true, true]);
  });

  it("throws what the taker throws, and stops reading", async () => {
    let calls = 0;
    const failure = Promise.withResolvers<unknown>();
    const port = await serve(async (body, request) => {
      const takeNothing = () => {
        calls++;
        throw new Error("no room");
      };
      failure.resolve(await body.drain(takeNothing).catch((error: unknown) => error));
      request.resume();
    });
    await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: bytes });
    expect(await failure.promise).toEqual(new Error("no room"));
    expect(calls).toBe(1);
  });

  it.each([
    ["while it is drained", 0],
    ["before it is drained", 50],
  ])("throws code 354 when the connection breaks %s", async (_, pauseMs) => {
    const failure = Promise.withResolvers<unknown>();
    const opened = Promise.withResolvers<void>();
    const port = await serve(async (body) => {
      opened.resolve();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      failure.resolve(await body.drain(() => {}).catch((error: unknown) => error));
    });
    const socket = connect(port, "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
    await opened.promise;
    await new Promise((resolve) => setTimeout(resolve, 10));
    socket.destroy();
    expect(await failure.promise).toMatchObject({ databaseCode: 354 });
  });
});
