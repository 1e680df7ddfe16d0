import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { abortableClient } from "./abortable-client.ts";
import { connectClickHouse } from "./connect.ts";

/** A server that takes requests and answers none. */
let server: Server;
let client: ClickHouseClient;
let requests: number;

beforeAll(async () => {
  server = createServer(() => {
    requests += 1;
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = connectClickHouse({ url, user: undefined, password: undefined }, 8);
});

afterAll(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  requests = 0;
});

const calls: [string, (client: ClickHouseClient, signal?: AbortSignal) => Promise<unknown>][] = [
  ["query", (to, signal) => to.query({ query: "SELECT 1", ...(signal && { abort_signal: signal }) })],
  ["command", (to, signal) => to.command({ query: "SELECT 1", ...(signal && { abort_signal: signal }) })],
  ["exec", (to, signal) => to.exec({ query: "SELECT 1", ...(signal && { abort_signal: signal }) })],
  ["insert", (to, signal) => to.insert({ table: "t", values: [{ a: 1 }], ...(signal && { abort_signal: signal }) })],
];

it.each(calls)("ends a %s that is under way", async (_name, call) => {
  const aborter = new AbortController();
  const asked = call(abortableClient(client, aborter.signal));
  asked.catch(() => {});
  while (requests === 0) await sleep(5);
  aborter.abort(new Error("the time is over"));
  await expect(asked).rejects.toThrow();
});

it.each(calls)("does not send a %s once it is over, by its own signal or the caller's", async (_name, call) => {
  const over = AbortSignal.abort(new Error("the time is over"));
  await expect(call(abortableClient(client, over))).rejects.toThrow("the time is over");
  await expect(call(abortableClient(client, new AbortController().signal), over)).rejects.toThrow("the time is over");
  expect(requests).toBe(0);
});
