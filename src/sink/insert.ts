import { Readable } from "node:stream";
import { type ClickHouseClient, ClickHouseError, type ClickHouseSettings } from "@clickhouse/client";
import { quoteName, quoteText } from "../core/sql-text.ts";
import { type HeldClocks, heldClocksWords } from "./held-clocks.ts";
import { insertSettings } from "./insert-settings.ts";

/** A column of the insert; a PlanColumn is one. */
export interface InsertColumn {
  name: string;
  /** `text` is the type as ClickHouse prints it. */
  type: { text: string };
}

/** Rows of one table, ready to send. */
export interface InsertBody {
  /** Database-qualified table name. */
  table: string;
  columns: readonly InsertColumn[];
  format: string;
  bytes: Uint8Array;
  rowCount: number;
}

/** Which of the body's rows an insert stores, and until when it may begin. */
export interface InsertTerms {
  token: string;
  /** ms since 1970, ClickHouse's clock. */
  deadlineMs: number;
  /** Rows whose table partition hashes to `part` modulo `parts`; undefined: all rows. */
  share: { partitionKey: string; parts: number; part: number } | undefined;
  /**
   * What a late insert does: nothing, and `written_rows` is 0; or, loudly, it fails (`isLateError`). Loud is for inserts
   * that may have nothing to write when they are in time, and for answers that come without a summary.
   */
  isLoud: boolean;
  /** The server refuses the insert when it touches more table partitions than this; undefined: any number. */
  partitionsMax: number | undefined;
  /** Settings that only newer servers have (src/sink/insert-settings.ts). */
  newerSettings: ClickHouseSettings;
  /**
   * Of a repeat: columns that it fills with what the table holds for its rows already, instead of leaving them to the
   * table's clock or taking the body's values. Plain inserts (`isFenced`) pass over it: in them a repeat has the time of
   * the repeat.
   */
  heldClocks?: HeldClocks | undefined;
}

const LATE_TEXT = "the insert begins after its deadline";

/**
 * Whether inserts in this format can carry the fence. It stands in a SELECT from `input()`, and there the server does
 * not evaluate the target's DEFAULT expressions (tried; so does its source: getSourceFromASTInsertQuery adds defaults
 * only without an input function), for whose sake RowBinaryWithDefaults is chosen. Such inserts go plain: a late one
 * is stopped by the lease when it is asked, and by the deduplication window afterwards.
 */
export function isFenced(format: string): boolean {
  return format !== "RowBinaryWithDefaults";
}

/**
 * Sends one insert and waits for the server's answer. A repeat of the same token within the table's deduplication
 * window writes nothing, in the table and in the tables behind its views. A fenced insert that begins after its
 * deadline writes nothing and leaves the token unused.
 *
 * Returns `written_rows` of the summary: rows for the table and behind its views, before deduplication; undefined when
 * the answer has no summary.
 *
 * @throws ClickHouseError when the server answered with an exception; other errors are of the connection, and the
 * outcome is then unknown.
 */
export async function insertOnce(
  client: ClickHouseClient,
  body: InsertBody,
  terms: InsertTerms,
): Promise<number | undefined> {
  const { stream, summary, response_headers } = await client.exec({
    query: insertStatement(body, terms),
    values: inOnePiece(body.bytes),
    clickhouse_settings: insertSettings(terms.token, body.rowCount, terms.partitionsMax, terms.newerSettings),
  });
  // Unread answers keep their socket: it would never go back to the pool. A stored insert is answered with no text.
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  const code = response_headers["x-clickhouse-exception-code"];
  if (code !== undefined || text !== "") throw exceptionIn(text, code);
  const written = summary?.written_rows;
  return written === undefined ? undefined : Number(written);
}

/** Whether this is the answer of a loud fence to an insert that came too late. */
export function isLateError(error: unknown): boolean {
  return error instanceof ClickHouseError && error.code === "395" && error.message.startsWith(LATE_TEXT);
}

/** The statement; its data come in the request's body. */
export function insertStatement({ table, columns, format }: InsertBody, terms: InsertTerms): string {
  const names = columns.map(({ name }) => quoteName(name)).join(", ");
  if (!isFenced(format)) return `INSERT INTO ${table} (${names}) FORMAT ${format}`;
  const structure = columns.map(({ name, type }) => `${quoteName(name)} ${typeInBody(type.text, format)}`).join(", ");
  const rows = `SELECT ${names} FROM input(${quoteText(structure)}) WHERE ${shareOf(terms)}${fenceOf(terms)}`;
  const { heldClocks } = terms;
  if (heldClocks === undefined) return `INSERT INTO ${table} (${names}) ${rows} FORMAT ${format}`;
  const { lookup, wordFor, readings } = heldClocksWords(table, heldClocks, shareOf(terms));
  const into = [names, ...heldClocks.columns.map(({ name }) => quoteName(name))].join(", ");
  const values = [...columns.map(({ name }) => wordFor(name)), ...readings].join(", ");
  // The fence inside: the server takes its time before the clocks are looked up, however long that takes.
  return `INSERT INTO ${table} (${into}) ${lookup} SELECT ${values} FROM (${rows}) FORMAT ${format}`;
}

/**
 * LowCardinality is no word of RowBinary: the bytes are those of the type within. Read as that type the values get their
 * dictionary a block at a time, on their way into the table, and not one by one: of 1.8 CPU s a million rows, with seven
 * such columns of nineteen, 1.1 are left.
 */
function typeInBody(type: string, format: string): string {
  return format === "RowBinary" ? type.replace(/^LowCardinality\((.*)\)$/s, "$1") : type;
}

/** A constant to the server: it takes its clock once, when the query begins, before the body is read. */
function fenceOf({ deadlineMs, isLoud }: InsertTerms): string {
  const deadline = `fromUnixTimestamp64Milli(${Math.floor(deadlineMs)})`;
  return isLoud ? `throwIf(now64(3) >= ${deadline}, '${LATE_TEXT}') = 0` : `now64(3) < ${deadline}`;
}

/** In a tuple, because the hash of a NULL is NULL, and such rows would be in no part. */
function shareOf({ share }: InsertTerms): string {
  return share === undefined ? "" : `sipHash64(tuple(${share.partitionKey})) % ${share.parts} = ${share.part} AND `;
}

/** An exception that came with status 200. */
function exceptionIn(text: string, code: string | string[] | undefined): Error {
  const match = /Code: (?<code>\d+).*?Exception: (?<message>.*?)(?:\((?<type>[A-Z0-9_]{3,})\)|$)/s.exec(text)?.groups;
  const found = match?.code ?? (code === undefined ? undefined : String(code));
  if (found === undefined) return new Error(`the answer to an insert should be empty, but is: ${text.slice(0, 1_000)}`);
  return new ClickHouseError({
    code: found,
    message: match?.message ?? text,
    ...(match?.type && { type: match.type }),
  });
}

/** A body that goes to the socket as it is: the kernel takes what it has room for, and asks for the rest. */
function inOnePiece(bytes: Uint8Array): Readable {
  return new Readable({
    read() {
      this.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      this.push(null);
    },
  });
}
