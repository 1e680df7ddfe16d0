import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClickHouseClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectClickHouse } from "../../clients/clickhouse/connect.ts";
import { queryRows } from "../../clients/clickhouse/query-rows.ts";
import { startClickHouse } from "../../embedded/clickhouse/server.ts";
import { createSink } from "./sink.ts";

const ROWS = 500_000;

const lease = { deadlineMs: async () => Date.now() + 30_000 };

/** A road to the server on `port` that breaks under the first insert, when a part of its body has passed. */
async function startBreakingProxy(port: number): Promise<Server> {
  let isBroken = false;
  const proxy = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const onward = request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => incoming.socket.destroy());
    incoming.pipe(onward);
    if (isBroken || !url!.includes("INSERT")) return;
    isBroken = true;
    incoming.once("data", () => {
      incoming.socket.destroy();
      onward.destroy();
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return proxy;
}

describe("an insert whose connection breaks", () => {
  let dataDir: string;
  let server: Awaited<ReturnType<typeof startClickHouse>>;
  let proxy: Server;
  let client: ClickHouseClient;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "millrace-sink-"));
    server = await startClickHouse({ port: 0, dataDir });
    proxy = await startBreakingProxy(server.port);
    const { port } = proxy.address() as AddressInfo;
    client = connectClickHouse({ url: `http://127.0.0.1:${port}`, user: undefined, password: undefined }, 2);
  });
  afterAll(async () => {
    await client.close();
    proxy.close();
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it("goes again with the same bytes, which are not free until no socket can hold them", async () => {
    await client.command({ query: "CREATE TABLE numbers (id UInt32) ENGINE = MergeTree ORDER BY id" });
    const ids = Uint32Array.from({ length: ROWS }, (_, id) => id);
    const attempts: number[] = [];
    const sink = createSink(
      client,
      { insertsMax: 1, signal: new AbortController().signal },
      { onRetry: (_table, _error, attempt) => attempts.push(attempt) },
    );
    const batch = {
      table: "default.numbers",
      columns: [{ name: "id", type: { text: "UInt32" } }],
      partitionKey: "",
      format: "RowBinary",
      bytes: new Uint8Array(ids.buffer),
      rowCount: ROWS,
      rowStarts: Uint32Array.from({ length: ROWS + 1 }, (_, row) => row * 4),
      offsets: Float64Array.from(ids),
    };
    const range = (firstOffset: number) => {
      const lastOffset = firstOffset + ROWS - 1;
      return { ...batch, members: [{ topic: "t", partition: 0, firstOffset, lastOffset, rowCount: ROWS }] };
    };
    expect(await sink.store(range(0), lease)).toMatchObject({ refusals: [], isBodyRead: false });
    expect(attempts).toEqual([1]);
    expect(await sink.store(range(ROWS), lease)).toMatchObject({ refusals: [], isBodyRead: true });
    const sum = (ROWS * (ROWS - 1)) / 2;
    const query = "SELECT toFloat64(count()) AS n, toFloat64(sum(id)) AS s FROM numbers";
    expect(await queryRows(client, query)).toEqual([{ n: 2 * ROWS, s: 2 * sum }]);
  });
});
