import { describe, expect, it } from "vitest";
import { said, tree } from "../testing/planted.ts";
import { connectingElsewhere, serverClients } from "./server-clients.ts";

describe("server-clients", () => {
  it.each([
    ["Kafka of kafkajs", "src/clients/ and src/ingest/source/", 'import { Kafka, type Admin } from "kafkajs";'],
    ["Kafka of kafkajs", "src/clients/ and src/ingest/source/", 'const { Kafka } = require("kafkajs");'],
    ["Kafka of kafkajs", "src/clients/ and src/ingest/source/", 'import * as kafkajs from "kafkajs";'],
    [
      "kafkajs/src/errors.js",
      "src/clients/ and src/ingest/source/",
      'const errors = require("kafkajs/src/errors.js");',
    ],
    ["createClient of @clickhouse/client", "src/clients/", 'export { createClient } from "@clickhouse/client";'],
    ["undici", "src/clients/", 'const { request } = await import("undici");'],
    ["undici", "src/clients/", 'import "undici";'],
    ["Kafka of kafkajs", "src/clients/ and src/ingest/source/", 'import("kafkajs").then(open);'],
    [
      "Admin of Connection of Consumer of Producer of @platformatic/kafka",
      "src/clients/",
      'import { Consumer } from "@platformatic/kafka";',
    ],
    [
      "connect of createConnection of Socket of TLSSocket of node:tls",
      "src/clients/ and src/ingest/source/",
      'import { connect } from "node:tls";',
    ],
    ["request of get of connect of Agent of node:http", "src/clients/", 'import http from "node:http";'],
  ])("finds %s outside %s", (what, folders, text) => {
    expect(said("server-clients", "src/cli/planted.ts", text)).toEqual([
      `src/cli/planted.ts:1: takes ${what}: servers are connected to in ${folders} alone`,
    ]);
  });

  it.each(["fetch(url);", "globalThis.fetch(url);"])("finds a call that needs no import: %s", (text) => {
    expect(said("server-clients", "src/cli/planted.ts", text)).toEqual([
      "src/cli/planted.ts:1: calls fetch: servers are connected to in src/clients/ alone",
    ]);
    expect(said("server-clients", "src/clients/planted.ts", text)).toEqual([]);
    expect(said("server-clients", "src/cli/planted.ts", "broker.fetch(request);")).toEqual([]);
  });

  it("lets servers be, and what only looks at addresses", () => {
    const text = 'import { createServer } from "node:http"; import { isIP, type Socket } from "node:net";';
    expect(said("server-clients", "src/server/planted.ts", text)).toEqual([]);
  });

  it("lets types and errors be, folders that connect, and tests", () => {
    const text =
      'import { type Kafka, KafkaJSError } from "kafkajs";\nimport { ClickHouseError } from "@clickhouse/client";';
    expect(said("server-clients", "src/cli/planted.ts", text)).toEqual([]);
    for (const name of ["src/ingest/source/planted.ts", "src/testing/planted.ts", "bench/planted.ts"])
      expect(said("server-clients", name, 'import { Kafka } from "kafkajs";')).toEqual([]);
  });

  it("finds an exception that is not needed any more", () => {
    expect(serverClients(tree, { ...connectingElsewhere, "src/cli/notice.ts": "" }).map(({ wrong }) => wrong)).toEqual([
      "excuses src/cli/notice.ts, which opens no connection",
    ]);
  });
});
