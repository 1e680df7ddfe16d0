import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describeInsertFault, type InsertFault, type ShortageCode, sendShortage } from "./insert-faults.ts";
import { type InsertJournal, type JournalEntry, readDeadlineMs } from "./insert-journal.ts";
import { readToken, type TokenSubject } from "./token-subject.ts";
import { openUpstream, uploadPart } from "./upstream.ts";

export type IsMeant = (insert: { table: string; subject: TokenSubject }) => boolean;

export interface InsertProxy {
  readonly port: number;
  /** The fault for the next insert. Resolves when it was done; undefined: no insert came within `timeoutMs`. */
  arm(fault: InsertFault, timeoutMs: number): Promise<JournalEntry | undefined>;
  /**
   * Lets `nth - 1` inserts pass and holds the next: as if it were on a long way. Undefined: none came whole within
   * `timeoutMs`.
   *
   * @param isMeant which inserts count
   */
  hold(nth: number, timeoutMs: number, isMeant?: IsMeant): Promise<HeldInsert | undefined>;
  /** Gives up a `hold` that has not caught one. */
  holdNone(): void;
  /** Answers every insert into `table` with the error, without asking the server, until called with undefined. */
  refuse(refusal: { table: string; code: ShortageCode } | undefined): void;
  close(): Promise<void>;
}

/** An insert that the proxy has received whole and not yet passed on. */
export interface HeldInsert {
  readonly entry: JournalEntry;
  /** Passes it on, whether its sender is still there or not. Resolves with the server's answer noted, or with none. */
  release(): Promise<JournalEntry>;
}

interface Armed {
  fault: InsertFault;
  done(entry: JournalEntry): void;
}

/** As the embedded server: the client puts the whole statement into the URL. */
const headersBytesMax = 1024 * 1024;

/**
 * A proxy for ClickHouse's HTTP interface that can spoil a single insert of a range, at a chosen moment, and notes all
 * of them. Inserts are known by their deduplication token; everything else passes.
 */
export async function startInsertProxy(
  targetPort: number,
  ingester: number,
  journal: InsertJournal,
): Promise<InsertProxy> {
  const waiting: Armed[] = [];
  let refused: { table: string; code: ShortageCode } | undefined;
  let holding: { passing: number; isMeant: IsMeant; held(insert: HeldInsert | undefined): void } | undefined;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const { searchParams } = new URL(request.url ?? "/", "http://localhost");
    const token = searchParams.get("insert_deduplication_token") ?? "";
    const subject = readToken(token);
    if (subject === undefined) {
      forward(request, response, undefined);
      return;
    }
    const statement = searchParams.get("query") ?? "";
    const quoted = /^\s*INSERT INTO\s+(?:TABLE\s+)?([\w.`]+)/i.exec(statement)?.[1] ?? "?";
    const table = quoted.replaceAll("`", "");
    if (table === refused?.table) {
      const { code } = refused;
      request.resume();
      request.once("end", () => sendShortage(response, code));
      return;
    }
    const holder = holding?.isMeant({ table, subject }) && holding.passing-- === 0 ? holding : undefined;
    if (holder !== undefined) holding = undefined;
    const armed = holder === undefined ? waiting.shift() : undefined;
    const entry: JournalEntry = {
      atMs: Date.now(),
      ingester,
      token,
      subject,
      table,
      deadlineMs: readDeadlineMs(statement),
      sentMs: undefined,
      status: undefined,
      writtenRows: undefined,
      fault: holder !== undefined ? "held up" : armed === undefined ? undefined : describeInsertFault(armed.fault),
      endedMs: Date.now(),
    };
    response.once("close", () => {
      entry.endedMs = Date.now();
      armed?.done(entry);
    });
    journal.add(entry);
    if (holder === undefined) spoil(request, response, armed?.fault, entry);
    else holdUp(request, response, entry, holder.held);
  }

  function holdUp(
    request: IncomingMessage,
    response: ServerResponse,
    entry: JournalEntry,
    held: (insert: HeldInsert | undefined) => void,
  ): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => held({ entry, release }));
    request.once("close", () => held(undefined)); // without effect after the end

    function release(): Promise<JournalEntry> {
      return new Promise((resolve) => {
        const over = () => {
          entry.endedMs = Date.now();
          resolve(entry);
        };
        const upstream = openUpstream(targetPort, request);
        upstream.once("error", () => {
          request.socket.resetAndDestroy();
          over();
        });
        upstream.once("response", (answer) => {
          note(entry, answer);
          answer.once("close", over);
          answerWith(answer, response);
        });
        entry.sentMs = Date.now();
        upstream.end(Buffer.concat(chunks));
      });
    }
  }

  function spoil(
    request: IncomingMessage,
    response: ServerResponse,
    fault: InsertFault | undefined,
    entry: JournalEntry,
  ): void {
    if (fault?.kind === "reset" && fault.when === "before") request.socket.resetAndDestroy();
    else if (fault?.kind === "error" && !fault.isStored) {
      request.resume();
      request.once("end", () => sendShortage(response, fault.code));
    } else forward(request, response, { fault, entry });
  }

  function forward(
    request: IncomingMessage,
    response: ServerResponse,
    insert: { fault: InsertFault | undefined; entry: JournalEntry } | undefined,
  ): void {
    const fault = insert?.fault;
    const isReset = fault?.kind === "reset";
    const upstream = openUpstream(targetPort, request);
    if (insert !== undefined) insert.entry.sentMs = Date.now();
    upstream.once("error", () => request.socket.resetAndDestroy());
    const isUploadedOnly = isReset && fault.when === "uploaded";
    // The client is gone: the server sees a broken upload, unless it was to keep what it has.
    response.once("close", () => {
      if (!response.writableFinished && !isUploadedOnly) upstream.destroy();
    });
    upstream.once("response", (answer) => {
      if (insert !== undefined) note(insert.entry, answer);
      if (isUploadedOnly) answer.resume();
      else if (isReset && fault.when === "answered") discard(answer, () => request.socket.resetAndDestroy());
      else if (fault?.kind === "error") discard(answer, () => sendShortage(response, fault.code));
      else answerWith(answer, response);
    });
    if (isReset && fault.when === "during") {
      uploadPart(request, upstream, fault.bytes, () => request.socket.resetAndDestroy());
      return;
    }
    request.pipe(upstream);
    if (isUploadedOnly) upstream.once("finish", () => request.socket.resetAndDestroy());
  }

  const server = createServer({ maxHeaderSize: headersBytesMax, requestTimeout: 0, keepAliveTimeout: 10_000 }, handle);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    arm(fault, timeoutMs) {
      return new Promise((resolve) => {
        const armed: Armed = { fault, done: resolve };
        waiting.push(armed);
        setTimeout(() => {
          const index = waiting.indexOf(armed);
          if (index === -1) return;
          waiting.splice(index, 1);
          resolve(undefined);
        }, timeoutMs);
      });
    },
    hold(nth, timeoutMs, isMeant = () => true) {
      return new Promise((resolve) => {
        holding?.held(undefined);
        const mine = { passing: nth - 1, isMeant, held: resolve };
        holding = mine;
        setTimeout(() => {
          if (holding !== mine) return;
          holding = undefined;
          resolve(undefined);
        }, timeoutMs);
      });
    },
    holdNone() {
      holding?.held(undefined);
      holding = undefined;
    },
    refuse(refusal) {
      refused = refusal;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function note(entry: JournalEntry, answer: IncomingMessage): void {
  entry.status = answer.statusCode;
  const summary = answer.headers["x-clickhouse-summary"];
  if (typeof summary !== "string") return;
  const rows = Number((JSON.parse(summary) as { written_rows?: string }).written_rows);
  if (Number.isFinite(rows)) entry.writtenRows = rows;
}

function answerWith(answer: IncomingMessage, response: ServerResponse): void {
  const { connection: _, "keep-alive": _idle, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, headers);
  answer.pipe(response);
  // Nobody may be there to take it: it must be read nevertheless.
  if (response.destroyed) answer.resume();
  answer.once("error", () => response.socket?.resetAndDestroy());
}

function discard(answer: IncomingMessage, then: () => void): void {
  answer.resume();
  answer.once("end", then);
  answer.once("error", then);
}
