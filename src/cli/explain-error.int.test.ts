import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type ClickHouseServer, startClickHouse } from "../embedded/clickhouse/server.ts";
import { type KafkaBroker, startKafkaBroker } from "../embedded/kafka/server.ts";
import { runMillrace } from "../testing/run-millrace.ts";

/** Wrong addresses and folders, as people give them: one sentence that says what to do, and never a stack trace. */

// Several processes at a time: on a busy machine each of them takes long.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let broker: KafkaBroker;
let engine: ClickHouseServer;
const others: Record<string, Server> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-explain-"));
  [broker, engine] = await Promise.all([
    startKafkaBroker({ port: 0, dataDir: join(folder, "kafka") }),
    startClickHouse({ port: 0, dataDir: join(folder, "clickhouse") }),
  ]);
  const page = "<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head></html>";
  others.page = createServer((_, response) => response.setHeader("content-type", "text/html").end(page));
  others.badGateway = createServer((_, response) => response.writeHead(502).end(page));
  others.redirect = createServer((_, response) => response.writeHead(302, { location: "https://example.com" }).end());
  others.hangsUp = createTcpServer((socket) => socket.once("data", () => socket.destroy()));
  // A proxy that hands /clickhouse/… on to the engine.
  others.proxy = createServer((incoming, response) => {
    if (!/^\/clickhouse\/?\?/.test(incoming.url!)) return void response.writeHead(404).end(page);
    const { method, headers } = incoming;
    const path = incoming.url!.replace(/^\/clickhouse\/?/, "/");
    const onward = request({ port: engine.port, method, headers, path }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode!, answer.headers));
    });
    incoming.pipe(onward);
  });
  for (const server of Object.values(others)) await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(async () => {
  for (const server of Object.values(others)) server.close();
  await Promise.all([broker?.close(), engine?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => `http://127.0.0.1:${(others[name]!.address() as AddressInfo).port}`;

describe("a wrong CLICKHOUSE_URL", () => {
  it.each<[what: string, url: () => string, message: RegExp]>([
    ["a web page", () => at("page"), /not ClickHouse/],
    ["a proxy's error page", () => at("badGateway"), /not ClickHouse but a web server \("Welcome to nginx!"\)/],
    ["a redirect", () => at("redirect"), /error without a text, such as a redirect/],
    ["a server that hangs up", () => at("hangsUp"), /closed the connection without an answer/],
    [
      "a database for a path",
      () => `http://127.0.0.1:${engine.port}/analytics`,
      /leave out the path of CLICKHOUSE_URL/,
    ],
  ])("is explained: %s", async (_, url, message) => {
    const runs = [["latency"], ["migrate"], ["query", "SELECT 1"]].map(async (args) => {
      const run = await runMillrace(args, { CLICKHOUSE_URL: url() });
      expect(run.stderr, args[0]).toMatch(message);
      expect(run.stderr, args[0]).not.toMatch(/unexpected|<html|^ +at /m);
      expect(run).toMatchObject({ code: 1, stdout: "" });
    });
    await Promise.all(runs);
  });
});

it.concurrent.each(["/clickhouse", "/clickhouse/"])("reaches ClickHouse through a proxy's path %s", async (path) => {
  const run = await runMillrace(["query", "SELECT 40 + 2 FORMAT TSV"], { CLICKHOUSE_URL: `${at("proxy")}${path}` });
  expect([run.stderr, run.stdout, run.code]).toEqual(["", "42\n", 0]);
});

it.concurrent("explains a login at a Kafka that has none", async () => {
  const login = { KAFKA_SASL_MECHANISM: "PLAIN", KAFKA_SASL_USERNAME: "u", KAFKA_SASL_PASSWORD: "pass-word-1" };
  const run = await runMillrace(["lag"], { KAFKA_BROKERS: `127.0.0.1:${broker.port}`, ...login });
  expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining("takes no login: unset KAFKA_SASL_MECHANISM") });
  expect(run.stderr).not.toMatch(/unexpected|^ +at /m);
});

it.concurrent.each<[what: string, args: string[], dir: () => string, message: RegExp]>([
  ["below a file", ["start"], () => join(folder, "file.txt", "x"), /Cannot use .* a part of the path is a file/],
  ["a report nowhere", ["start", "--report", "/nowhere/r.json"], () => folder, /--report .*: there is no such folder/],
  ["a report for a folder", ["start", "--report", tmpdir()], () => folder, /--report .*: it is a folder/],
])("refuses a folder before anything runs: %s", async (_, args, dir, message) => {
  writeFileSync(join(folder, "file.txt"), "");
  const run = await runMillrace(args, { MILLRACE_DIR: dir() });
  expect(run).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  expect(run.stderr).not.toMatch(/unexpected|\\n/);
});
