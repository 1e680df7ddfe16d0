import { connect } from "node:net";
import { Hono } from "hono";
import { afterEach, expect, it } from "vitest";
import { connectionsMax } from "./http-access.ts";
import { type HttpPlace, type OpenServer, serveRoutes } from "./serve.ts";

const open: OpenServer[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serveAt(place: Partial<HttpPlace>, routes = new Hono()): Promise<OpenServer> {
  const server = await serveRoutes(routes, { port: 0, address: "127.0.0.1", token: undefined, ...place }, "the test");
  open.push(server);
  return server;
}

it("takes the next free port in place of one that nobody has asked for", async () => {
  const first = await serveAt({});
  const second = await serveAt({ port: first.port, mayMove: true });
  expect(second.port).not.toBe(first.port);
  expect(second.url).toBe(`http://127.0.0.1:${second.port}`);
});

it("refuses a port that was asked for and is taken, and says what to do", async () => {
  const { port } = await serveAt({});
  await expect(serveAt({ port })).rejects.toMatchObject({
    code: "E_CONFIG",
    message: expect.stringMatching(
      new RegExp(
        `^the test: cannot listen on 127\\.0\\.0\\.1:${port} .*name another with --port, or 0 for a free one$`,
      ),
    ),
  });
});

it("does not open beyond loopback without a token", async () => {
  await expect(serveAt({ address: "0.0.0.0", mayMove: true })).rejects.toMatchObject({ code: "E_CONFIG" });
});

it("closes at once, whatever its clients are doing", async () => {
  const routes = new Hono();
  let arrived = () => {};
  const isAsked = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  routes.get("/slow", () => {
    arrived();
    return new Promise(() => {});
  });
  const { port, close } = await serveAt({}, routes);
  const socket = connect(port, "127.0.0.1");
  const isEnded = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  socket.on("error", () => {});
  socket.write("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await isAsked;
  await close();
  await isEnded;
});

it("takes no more connections than it has places for", async () => {
  const { port } = await serveAt({});
  const sockets = Array.from({ length: connectionsMax + 1 }, () => connect(port, "127.0.0.1"));
  // The one too many is hung up on; the others are left alone.
  const dropped = await Promise.race(
    sockets.map((socket) => new Promise((resolve) => socket.on("error", () => {}).on("close", () => resolve(socket)))),
  );
  expect(sockets.filter((socket) => socket === dropped)).toHaveLength(1);
  for (const socket of sockets) socket.destroy();
});
