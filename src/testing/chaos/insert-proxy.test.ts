import { once } from "node:events";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InsertJournal } from "./insert-journal.ts";
import { type InsertProxy, startInsertProxy } from "./insert-proxy.ts";

interface Upload {
  bytes: number;
  isWhole: boolean;
}

/** A server that notes how much of each body came, and answers 200. */
let server: Server;
let uploads: Upload[];
let noted: () => Promise<void>;
let journal: InsertJournal;
let proxy: InsertProxy;

beforeEach(async () => {
  uploads = [];
  const waiting: (() => void)[] = [];
  noted = () => new Promise((resolve) => waiting.push(resolve));
  server = createServer((request, response) => {
    const upload: Upload = { bytes: 0, isWhole: false };
    request.on("data", (chunk: Buffer) => {
      upload.bytes += chunk.length;
    });
    request.on("error", () => undefined);
    request.once("end", () => {
      upload.isWhole = true;
      response.setHeader("x-clickhouse-summary", JSON.stringify({ written_rows: "7" }));
      response.end("Ok.\n");
    });
    request.once("close", () => {
      uploads.push(upload);
      waiting.shift()?.();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  journal = new InsertJournal();
  proxy = await startInsertProxy((server.address() as AddressInfo).port, 1, journal);
});

afterEach(async () => {
  await proxy.close();
  server.closeAllConnections();
  server.close();
});

const body = Buffer.alloc(50_000, 1);
const token = "c:g:logs.auth:2:10-19";

function search(range: string): URLSearchParams {
  const query = "INSERT INTO `analytics`.`fact_event` (a) FORMAT Native";
  return new URLSearchParams({ query, insert_deduplication_token: range });
}

/** What a client sees: status, code and text, or the error of its connection. */
function insert(range = token): Promise<{ status?: number; code?: string | undefined; text?: string; error?: string }> {
  return new Promise((resolve) => {
    const request = httpRequest({
      host: "127.0.0.1",
      port: proxy.port,
      method: "POST",
      path: `/?${search(range)}`,
      agent: false,
    });
    request.once("error", (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? "" }));
    request.once("response", async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const code = answer.headers["x-clickhouse-exception-code"] as string | undefined;
      resolve({ status: answer.statusCode!, code, text: String(Buffer.concat(chunks)) });
    });
    request.end(body);
  });
}

describe("startInsertProxy()", () => {
  it("passes inserts and notes table, range, status and rows", async () => {
    expect(await insert()).toEqual({ status: 200, code: undefined, text: "Ok.\n" });
    expect(uploads).toEqual([{ bytes: 50_000, isWhole: true }]);
    const range = { topic: "logs.auth", partition: 2, firstOffset: 10, lastOffset: 19 };
    const answer = { status: 200, writtenRows: 7, fault: undefined, table: "analytics.fact_event" };
    expect(journal.entries).toMatchObject([{ subject: range, ...answer }]);
  });

  it("leaves a query without a range's token alone, even when a fault waits", async () => {
    const armed = proxy.arm({ kind: "reset", when: "before" }, 5_000);
    expect((await insert("history:1")).status).toBe(200);
    expect(await insert()).toEqual({ error: "ECONNRESET" });
    expect(await armed).toMatchObject({ token, fault: "reset before it" });
  });

  it("resets before the server sees anything", async () => {
    void proxy.arm({ kind: "reset", when: "before" }, 5_000);
    expect(await insert()).toEqual({ error: "ECONNRESET" });
    expect(uploads).toEqual([]);
  });

  it("resets after so many bytes of the body, which the server gets without an end", async () => {
    const seen = noted();
    void proxy.arm({ kind: "reset", when: "during", bytes: 1_234 }, 5_000);
    expect(await insert()).toEqual({ error: "ECONNRESET" });
    await seen;
    expect(uploads).toEqual([{ bytes: 1_234, isWhole: false }]);
  });

  it("resets after the upload, which the server gets whole", async () => {
    const seen = noted();
    void proxy.arm({ kind: "reset", when: "uploaded" }, 5_000);
    expect(await insert()).toEqual({ error: "ECONNRESET" });
    await seen;
    expect(uploads).toEqual([{ bytes: 50_000, isWhole: true }]);
  });

  it("resets instead of the answer", async () => {
    void proxy.arm({ kind: "reset", when: "answered" }, 5_000);
    expect(await insert()).toEqual({ error: "ECONNRESET" });
    expect(uploads).toEqual([{ bytes: 50_000, isWhole: true }]);
    expect(journal.entries).toMatchObject([{ status: 200, writtenRows: 7, fault: "reset instead of the answer" }]);
  });

  it("answers with an error of ClickHouse without asking it, or after it has stored the insert", async () => {
    void proxy.arm({ kind: "error", code: 243, isStored: false }, 5_000);
    const text = "Code: 243. DB::Exception: Planted by the chaos run. (NOT_ENOUGH_SPACE)\n";
    expect(await insert()).toEqual({ status: 500, code: "243", text });
    expect(uploads).toEqual([]);
    void proxy.arm({ kind: "error", code: 252, isStored: true }, 5_000);
    expect(await insert()).toMatchObject({ status: 500, code: "252" });
    expect(uploads).toEqual([{ bytes: 50_000, isWhole: true }]);
  });

  it("holds the insert meant, lets others pass, and releases it although its sender is gone", async () => {
    const holding = proxy.hold(2, 5_000);
    expect((await insert("c:g:logs.auth:2:0-9")).status).toBe(200);
    const request = httpRequest({ host: "127.0.0.1", port: proxy.port, method: "POST", path: `/?${search(token)}` });
    request.on("error", () => undefined).end(body);
    const held = await holding;
    expect((await insert("c:g:logs.auth:2:20-29")).status).toBe(200);
    expect(uploads).toHaveLength(2);
    request.destroy();
    const entry = await held!.release();
    expect(entry).toMatchObject({ token, status: 200, writtenRows: 7, fault: "held up" });
    expect(uploads).toHaveLength(3);
    expect(await proxy.hold(1, 30)).toBeUndefined();
  });

  it("gives an armed fault up when no insert comes in time", async () => {
    expect(await proxy.arm({ kind: "reset", when: "before" }, 30)).toBeUndefined();
    expect((await insert()).status).toBe(200);
  });

  it("resets the client when ClickHouse is down, and counts ranges that were sent again", async () => {
    await insert();
    server.closeAllConnections();
    server.close();
    expect(await insert()).toEqual({ error: "ECONNRESET" });
    expect(journal.repeats).toEqual({ repeated: 1, byAnother: 0 });
    expect(journal.touching("logs.auth", 2, 19, 30)).toHaveLength(2);
    expect(journal.touching("logs.auth", 2, 20, 30)).toHaveLength(0);
  });
});
