/** One query from request to answer: read the statement, spool its data, run it, report it. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Body, openBody } from "./body.ts";
import { databaseError, fromEngineError } from "./database-error.ts";
import type { Engine, EngineQuery, EngineResult } from "./engine.ts";
import { readOnlyKinds } from "./formats.ts";
import { readInsertFromFile } from "./insert-rewrite.ts";
import type { QueryLog } from "./query-log.ts";
import { type RequestOptions, readRequestOptions } from "./request.ts";
import { countResultRows, sendError, sendResult, sendText } from "./response.ts";
import type { Spool, SpooledFile } from "./spool.ts";
import { readStatement, type Statement } from "./statement.ts";

export type QueryContext = {
  engine: Engine;
  spool: Spool;
  log: QueryLog;
  /** Credentials to ask for; undefined accepts whatever a client sends. */
  credentials: { user: string; password: string } | undefined;
};

// The server's max_query_size bounds the head of a statement likewise; a statement without data may be longer here.
const headBytesMin = 256 * 1024;
const statementBytesMax = 16 * 1024 * 1024;
const valuesBytesMax = 64 * 1024 * 1024;

type ParsedRequest = { head: string; statement: Statement };

/** The URL's query and the body are one text, joined by a line break; of the body only what the outline needs is read. */
async function readParsedRequest(queryParameter: string, body: Body): Promise<ParsedRequest> {
  const parameter = Buffer.from(queryParameter, "utf8").toString("latin1");
  const lead = parameter === "" ? "" : `${parameter}\n`;
  const fromUrl = readStatement(lead);
  if (fromUrl.insert?.data !== undefined) return { head: lead, statement: fromUrl };
  const first = await body.readHead(headBytesMin);
  const head = lead + first.bytes.toString("latin1");
  const statement = readStatement(head);
  if (first.isEnd || statement.insert?.data !== undefined) return { head, statement };
  const more = await body.readHead(statementBytesMax - first.bytes.length);
  if (!more.isEnd) {
    throw databaseError("QUERY_IS_TOO_LARGE", `The statement is longer than ${statementBytesMax} bytes`);
  }
  const whole = head + more.bytes.toString("latin1");
  return { head: whole, statement: readStatement(whole) };
}

function checkStatement(statement: Statement, request: IncomingMessage, options: RequestOptions): void {
  if (statement.kind === "") throw databaseError("SYNTAX_ERROR", "Empty query");
  if (statement.isMultiple) throw databaseError("SYNTAX_ERROR", "Syntax error: Multi-statements are not allowed");
  if (statement.namesFile) {
    const text = "INTO OUTFILE and FROM INFILE name files of the client and are not allowed over HTTP";
    throw databaseError("INTO_OUTFILE_NOT_ALLOWED", text);
  }
  if (statement.isTemporaryTable) {
    throw databaseError("NOT_IMPLEMENTED", "Temporary tables need sessions, which the embedded server does not have");
  }
  if (request.method === "GET" && !readOnlyKinds.has(statement.kind)) {
    const text = "Cannot execute query in readonly mode. For queries over HTTP, method GET implies readonly. Use POST";
    throw databaseError("READONLY", text);
  }
  if (options.usesNativeCompression) {
    const text = "compress=1 and decompress=1 are not supported: use Content-Encoding and Accept-Encoding";
    throw databaseError("NOT_IMPLEMENTED", text);
  }
}

async function gatherValues(head: Buffer, body: Body): Promise<Buffer> {
  const { bytes, isEnd } = await body.readHead(valuesBytesMax);
  if (!isEnd) {
    const text = `VALUES longer than ${valuesBytesMax} bytes: insert them in another format, which is streamed`;
    throw databaseError("QUERY_IS_TOO_LARGE", text);
  }
  return Buffer.concat([head, bytes]);
}

type PreparedQuery = { query: EngineQuery; file: SpooledFile | undefined; format: string };

async function prepareQuery(
  parsed: ParsedRequest,
  options: RequestOptions,
  body: Body,
  spool: Spool,
): Promise<PreparedQuery> {
  const { head, statement } = parsed;
  const { database, settings, parameters } = options;
  const format = statement.outputFormat ?? options.defaultFormat ?? "TabSeparated";
  const query = { format, database, settings, parameters, isInsert: statement.insert !== undefined };
  const toSql = (latin1: string) => Buffer.from(latin1, "latin1").toString("utf8");
  const data = statement.insert?.data;
  if (data === undefined)
    return { query: { ...query, sql: toSql(head.slice(0, statement.end)) }, file: undefined, format };
  const dataHead = Buffer.from(head.slice(data.dataStart), "latin1");
  if (data.format.toLowerCase() === "values" && statement.insert?.input === undefined) {
    const inlineData = await gatherValues(dataHead, body);
    return { query: { ...query, sql: toSql(head.slice(0, data.dataStart)), inlineData }, file: undefined, format };
  }
  const file = await spool.write(async (append) => {
    append(dataHead);
    await body.drain(append);
  });
  const sql = toSql(readInsertFromFile(head, statement, file.path));
  return { query: { ...query, sql }, file, format };
}

/** Answers one query request. Never throws: every failure becomes an error response or, if the client left, nothing. */
export async function handleQuery(
  context: QueryContext,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const startedMs = Date.now();
  const options = readRequestOptions(url, request.headers);
  const { queryId } = options;
  const left = new AbortController();
  response.once("close", () => left.abort());
  let parsed: ParsedRequest | undefined;
  let file: SpooledFile | undefined;
  const report = (
    outcome: { result: EngineResult; resultRows: number } | { error: ReturnType<typeof fromEngineError> },
  ) => {
    const text = parsed === undefined ? options.queryParameter : queryText(parsed);
    context.log.add({
      startedMs,
      endedMs: Date.now(),
      options,
      statement: parsed?.statement,
      text,
      request,
      ...outcome,
    });
  };
  try {
    checkCredentials(context, options);
    const body = openBody(request);
    parsed = await readParsedRequest(options.queryParameter, body);
    if (parsed.statement.kind === "" && request.method === "GET") {
      sendText(response, 200, "Ok.\n");
      return;
    }
    checkStatement(parsed.statement, request, options);
    const prepared = await prepareQuery(parsed, options, body, context.spool);
    file = prepared.file;
    const result = await context.engine.run(prepared.query, left.signal);
    const resultRows = countResultRows(prepared.format, result.bytes);
    report({ result, resultRows });
    await sendResult({ request, response, url, queryId }, result, prepared.format, resultRows);
  } catch (thrown) {
    const error = fromEngineError(thrown);
    report({ error });
    sendError(response, queryId, error);
    // An unread body would otherwise be taken for the next request on this connection.
    request.unpipe();
    request.resume();
  } finally {
    file?.remove();
  }
}

function checkCredentials(context: QueryContext, options: RequestOptions): void {
  const wanted = context.credentials;
  if (wanted === undefined) return;
  if (isSame(options.user, wanted.user) && isSame(options.password, wanted.password)) return;
  const text = `${options.user}: Authentication failed: password is incorrect, or there is no user with such name`;
  throw databaseError("AUTHENTICATION_FAILED", text);
}

/** In constant time: digests have one length, so nothing of the difference shows in the time. */
function isSame(given: string, wanted: string): boolean {
  return timingSafeEqual(createHash("sha256").update(given).digest(), createHash("sha256").update(wanted).digest());
}

/** The statement for the log: without its data. */
function queryText(parsed: ParsedRequest): string {
  const { head, statement } = parsed;
  const end = statement.insert?.data?.dataStart ?? statement.end;
  return Buffer.from(head.slice(0, end), "latin1").toString("utf8").trim();
}
