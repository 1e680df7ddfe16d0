/** Tests of the HTTP interface itself: what curl, Grafana and clients that break off meet. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ClickHouseServer, startClickHouse } from "./server.ts";
import { spoolFolder } from "./spool.ts";

let dataDir: string;
let server: ClickHouseServer;
let base: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-clickhouse-http-"));
  const credentials = { user: "default", password: "pass" };
  server = await startClickHouse({ port: 0, dataDir, sessions: 1, queuedMax: 1, credentials });
  base = `http://127.0.0.1:${server.port}/`;
  await post("CREATE TABLE t (id UInt32) ENGINE = MergeTree ORDER BY id");
});

afterAll(async () => {
  await server.close();
  await rm(dataDir, { recursive: true, force: true });
});

const key = { "X-ClickHouse-Key": "pass" };

function post(body: string | Buffer, search = "", headers: Record<string, string> = {}, signal?: AbortSignal) {
  return fetch(base + search, {
    method: "POST",
    body: typeof body === "string" ? body : new Uint8Array(body),
    headers: { ...key, ...headers },
    ...(signal && { signal }),
  });
}

function ids(...values: number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.from(Uint32Array.of(value).buffer)));
}

describe("the embedded server over HTTP", () => {
  it("answers /ping, /replicas_status and an empty GET without a query", async () => {
    expect(await (await fetch(`${base}ping`)).text()).toBe("Ok.\n");
    expect(await (await fetch(`${base}replicas_status`)).text()).toBe("Ok.\n");
    expect((await fetch(`${base}nowhere`)).status).toBe(404);
    expect(await (await fetch(base, { headers: key })).text()).toBe("Ok.\n");
  });

  it("joins the URL's query and the body, and describes the answer in its headers", async () => {
    const response = await post("+ 1 AS n FROM numbers(3)", "?query=SELECT%20number&query_id=q-1&default_format=JSON");
    expect(((await response.json()) as { rows: number }).rows).toBe(3);
    expect(response.headers.get("content-type")).toBe("application/json; charset=UTF-8");
    expect(response.headers.get("x-clickhouse-format")).toBe("JSON");
    expect(response.headers.get("x-clickhouse-query-id")).toBe("q-1");
    expect(response.headers.get("x-clickhouse-timezone")).toBe("UTC");
    expect(response.headers.get("keep-alive")).toContain("timeout=10");
    const summary = JSON.parse(response.headers.get("x-clickhouse-summary")!) as Record<string, string>;
    expect(summary).toMatchObject({ read_rows: "3", result_rows: "3", written_rows: "0" });
    expect(Number(summary.elapsed_ns)).toBeGreaterThan(0);
  });

  it("takes statement and binary data in one body", async () => {
    const body = Buffer.concat([
      Buffer.from("INSERT INTO t (id) SETTINGS async_insert=0 FORMAT RowBinary\n"),
      ids(1, 10, 2560),
    ]);
    const response = await post(body);
    expect(JSON.parse(response.headers.get("x-clickhouse-summary")!)).toMatchObject({ written_rows: "3" });
    expect(await (await post("SELECT groupArray(id) FROM (SELECT id FROM t ORDER BY id)")).text()).toBe(
      "[1,10,2560]\n",
    );
  });

  it("inflates and deflates gzip", async () => {
    const search = "?query=INSERT%20INTO%20t%20FORMAT%20RowBinary";
    const inserted = await post(gzipSync(ids(20, 21)), search, { "Content-Encoding": "gzip" });
    expect(JSON.parse(inserted.headers.get("x-clickhouse-summary")!)).toMatchObject({ written_rows: "2" });
    const { promise, resolve } = Promise.withResolvers<Buffer>();
    const socket = connect(server.port, "127.0.0.1");
    const parts: Buffer[] = [];
    socket.on("data", (part) => parts.push(part)).on("end", () => resolve(Buffer.concat(parts)));
    socket.write(`GET /?query=SELECT+'${"x".repeat(2_000)}' HTTP/1.1\r\nHost: a\r\nX-ClickHouse-Key: pass\r\n`);
    socket.write("Accept-Encoding: gzip\r\nConnection: close\r\n\r\n");
    const answer = await promise;
    expect(answer.toString("latin1")).toContain("Content-Encoding: gzip");
    expect(gunzipSync(answer.subarray(answer.indexOf("\r\n\r\n") + 4)).toString()).toBe(`${"x".repeat(2_000)}\n`);
  });

  it.each([
    ["SELECT * FROM missing", "", 404, 60],
    ["SELEC 1", "", 400, 62],
    ["SELECT 1; SELECT 2", "", 400, 62],
    ["SELECT 1", "?no_such_setting=1", 404, 115],
    ["SELECT 1", "?database=missing", 404, 81],
    ["SELECT 1 INTO OUTFILE '/tmp/never'", "", 500, 358],
    ["SELECT 1 INTO\u3000OUTFILE '/tmp/never'", "", 500, 358],
    ["CREATE TEMPORARY TABLE x (a UInt8)", "", 501, 48],
    ["INSERT INTO t FORMAT JSONEachRow\n{broken", "", 400, 26],
    ["INSERT INTO t FORMAT RowBinary\nabc", "", 500, 33],
  ])("refuses %j%s with HTTP status %i and code %i", async (query, search, status, code) => {
    const response = await post(query, search);
    const text = await response.text();
    expect([response.status, Number(response.headers.get("x-clickhouse-exception-code"))]).toEqual([status, code]);
    expect(text).toContain(`Code: ${code}. DB::Exception: `);
  });

  it("refuses to write by GET and without the password", async () => {
    const url = `${base}?query=INSERT%20INTO%20t%20VALUES%20(9)`;
    expect((await fetch(url, { headers: key })).headers.get("x-clickhouse-exception-code")).toBe("164");
    const denied = await fetch(url, { method: "POST" });
    expect([denied.status, denied.headers.get("x-clickhouse-exception-code")]).toEqual([403, "516"]);
    const basic = { Authorization: `Basic ${Buffer.from("default:pass").toString("base64")}` };
    expect(await (await fetch(`${base}?query=SELECT%201`, { headers: basic })).text()).toBe("1\n");
  });

  it("does nothing for a page of a browser", async () => {
    const response = await post("SELECT 1", "", { Origin: "http://a.example" });
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("no page of a browser")]);
  });

  it("inserts nothing from a body that breaks off, and keeps no file of it", async () => {
    const socket = connect(server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("POST /?query=INSERT+INTO+t+FORMAT+RowBinary HTTP/1.1\r\nHost: a\r\nX-ClickHouse-Key: pass\r\n");
    socket.write("Transfer-Encoding: chunked\r\n\r\n8\r\n");
    socket.write(Buffer.concat([ids(31, 32), Buffer.from("\r\n")]));
    await sleep(100);
    socket.destroy();
    await sleep(100);
    const truncated = await post(gzipSync(ids(31, 32)).subarray(0, 20), "?query=INSERT+INTO+t+FORMAT+RowBinary", {
      "Content-Encoding": "gzip",
    });
    expect(truncated.status).toBe(500);
    expect(await (await post("SELECT count() FROM t WHERE id IN (31, 32)")).text()).toBe("0\n");
    expect(await readdir(spoolFolder(dataDir))).toEqual([]);
  });

  it("refuses what exceeds the queue with 503, and drops a waiting query whose client left", async () => {
    const slow = post("SELECT sleep(0.6)");
    await sleep(100);
    const client = new AbortController();
    const dropped = post("INSERT INTO t VALUES (77)", "", {}, client.signal).catch(() => "dropped");
    await sleep(100);
    const refused = await post("SELECT 1");
    expect([refused.status, refused.headers.get("x-clickhouse-exception-code")]).toEqual([503, "202"]);
    client.abort();
    expect(await dropped).toBe("dropped");
    await slow;
    expect(await (await post("SELECT count() FROM t WHERE id = 77")).text()).toBe("0\n");
  });

  it("takes a statement of 200 kB in the URL", async () => {
    const list = Array.from({ length: 33_000 }, (_, index) => index % 1_000).join(",");
    const response = await fetch(`${base}?query=SELECT+length([${list}])`, { headers: key });
    expect(await response.text()).toBe("33000\n");
  });

  it("refuses a second process on the same data directory", async () => {
    const module = JSON.stringify(new URL("./server.ts", import.meta.url).href);
    const script = `import(${module}).then(m => m.startClickHouse({ port: 0, dataDir: ${JSON.stringify(dataDir)} }))
      .then(() => console.log("started"), (error) => console.log(error.code)).finally(() => process.exit())`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    const output = Buffer.concat(await child.stdout.toArray()).toString();
    expect(output.trim()).toBe("E_DATA_DIR_HELD");
  });
});
