import type { Readable } from "node:stream";
import { ClickHouseError, parseError } from "@clickhouse/client";

/** An answer that ClickHouse does not give: of a proxy in between, or of another program altogether. */
export class ForeignAnswer extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    const plain = text
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll(/\s+/g, " ")
      .trim();
    super(`the answer is not ClickHouse's: HTTP ${status} ${plain.slice(0, 200)}`.trimEnd());
    this.status = status;
  }
}

/** What `exec` returns; `http_status_code` is there, though not in the client's types. */
interface Execution {
  stream: Readable;
  response_headers: Record<string, string | string[] | undefined>;
  http_status_code?: number | undefined;
}

/**
 * The answer's text. Read to its end: an unread one would keep its socket. To be used with `ignore_error_response`,
 * because the client does not tell the status of an answer that has no code of ClickHouse.
 *
 * @throws ClickHouseError for an exception, with status 200, too; ForeignAnswer.
 */
export async function readAnswer({ stream, response_headers, http_status_code = 200 }: Execution): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  const code = response_headers["x-clickhouse-exception-code"];
  // ClickHouse names the query in each of its answers: a page with status 200 would else be an acknowledgement.
  const isOwn = response_headers["x-clickhouse-query-id"] !== undefined;
  const isSuccess = http_status_code >= 200 && http_status_code < 300;
  if (code === undefined && isSuccess && isOwn && !/^Code: \d+/.test(text)) return text;
  const error = parseError(text);
  if (error instanceof ClickHouseError) throw error;
  // Without its type in the text; newer servers, and the embedded one, always have it.
  const found = /Code: (?<code>\d+).*?Exception: (?<message>.*)/s.exec(text)?.groups;
  const known = found?.code ?? (code === undefined ? undefined : String(code));
  if (known === undefined) throw new ForeignAnswer(http_status_code, text);
  throw new ClickHouseError({ code: known, message: found?.message ?? text });
}
