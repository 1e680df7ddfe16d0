import { Readable } from "node:stream";
import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { isAlteredText } from "../../clients/clickhouse/altered-text.ts";
import { readAnswer } from "../../clients/clickhouse/answer.ts";
import { isServerError } from "../../clients/clickhouse/server-error.ts";
import type { InsertColumn } from "./insert-column.ts";
import { insertSettings, statementLimits } from "./insert-settings.ts";
import { type InsertTerms, insertStatement, LATE_TEXT } from "./insert-statement.ts";

/** Rows of one table, ready to send. */
export interface InsertBody {
  /** Database-qualified table name. */
  table: string;
  columns: readonly InsertColumn[];
  format: string;
  bytes: Uint8Array;
  rowCount: number;
}

/**
 * Sends one insert and waits for the server's answer. A repeat of the same token within the table's deduplication
 * window writes nothing, in the table and in the tables behind its views. An insert that begins after its
 * deadline writes nothing and leaves the token unused.
 *
 * Returns `written_rows` of the summary: rows for the table and behind its views, before deduplication; undefined when
 * the answer has no summary.
 *
 * @throws ClickHouseError when the server answered with an exception, ForeignAnswer when somebody else did; other errors
 * are of the connection, and the outcome is then unknown.
 */
export async function insertOnce(
  client: ClickHouseClient,
  body: InsertBody,
  terms: InsertTerms,
): Promise<number | undefined> {
  const query = insertStatement(body, terms);
  const settings = insertSettings(terms.token, body.rowCount, terms.partitionsMax, terms.newerSettings);
  const execution = await client.exec({
    query,
    values: inOnePiece(body.bytes),
    clickhouse_settings: { ...settings, ...statementLimits(query) },
    ignore_error_response: true,
  });
  const text = await readAnswer(execution);
  if (text.trim() !== "") throw new Error(`the answer to an insert should be empty, but is: ${text.slice(0, 1_000)}`);
  const written = execution.summary?.written_rows;
  return written === undefined ? undefined : Number(written);
}

/** Whether the table is not what the insert was made for: nothing was written, and the token is free. */
export function isAlteredError(error: unknown): boolean {
  return error instanceof ClickHouseError && isAlteredText(error.message);
}

/** Whether this is the answer of a loud fence to an insert that came too late. */
export function isLateError(error: unknown): boolean {
  return isServerError(error, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO") && error.message.startsWith(LATE_TEXT);
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
