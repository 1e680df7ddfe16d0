import { ClickHouseError } from "@clickhouse/client";
import { isAlteredText } from "./altered-text.ts";
import { ForeignAnswer } from "./answer.ts";
import { diagnoseForeignAnswer } from "./foreign-answers.ts";
import { type InsertErrorClass, type InsertErrorRow, insertErrors } from "./insert-errors.ts";
import { codeOf, isServerError } from "./server-error.ts";

export type { InsertErrorClass } from "./insert-errors.ts";

const identifier = "(?:\\w+|`(?:[^`\\\\]|\\\\.)+`)";
const viewPattern = new RegExp(
  `: while pushing to view (${identifier}(?:\\.${identifier})?)(?: \\([0-9a-f-]{36}\\))?\\.?\\s*$`,
);

const byCode = new Map<string, InsertErrorRow>(insertErrors.map((row) => [row.code, row]));

/** An error with its class and what the table says about it. */
export interface InsertDiagnosis {
  class: InsertErrorClass;
  reason: string;
  remedy: string;
  /** The materialized view that threw, if one did. */
  view: string | undefined;
}

const doubtful = {
  class: "doubtful",
  reason: "Millrace does not know this error",
  remedy: "see the server's log; mend the table, its views or the server, and start again",
} as const;
const tooLong = byCode.get(codeOf("QUERY_IS_TOO_LARGE"))!;
const fullDisk = {
  class: "disk",
  reason: "the disk is full",
  remedy: "free disk space for ClickHouse; Millrace goes on by itself then",
} as const;
const altered = { class: "retry", reason: "the table was altered: nothing was written", remedy: "" } as const;
const connection = { class: "retry", reason: "the connection failed: the outcome is unknown", remedy: "" } as const;

/**
 * Classifies by code.
 *
 * Some answers share their code with others, and only the text tells them apart: a refusal for too many table partitions
 * (252), a statement that is too long (62), an error of a materialized view, which has the view's own code, and a full disk, which has that of whoever wrote.
 */
export function diagnoseInsertError(error: unknown): InsertDiagnosis {
  if (error instanceof ForeignAnswer) return { ...diagnoseForeignAnswer(error.status), view: undefined };
  if (!(error instanceof ClickHouseError)) return { ...connection, view: undefined };
  if (isAlteredText(error.message)) return { ...altered, view: undefined };
  const row = byCode.get(error.code);
  const view = viewOf(error);
  if (isServerError(error, "TOO_MANY_PARTS") && error.message.startsWith("Too many partitions"))
    return tooManyPartitions(view);
  if (isServerError(error, "SYNTAX_ERROR") && /Max query size exceeded/.test(error.message))
    return { ...tooLong, view };
  if (/No space left on device/.test(error.message) && row?.class !== "data") return { ...fullDisk, view };
  const { class: errorClass, reason, remedy } = row ?? doubtful;
  if (view !== undefined && ["data", "fatal", "doubtful"].includes(errorClass)) return viewThrew(view);
  return { class: errorClass, reason, remedy, view };
}

/** Only the class. */
export function classifyInsertError(error: unknown): InsertErrorClass {
  return diagnoseInsertError(error).class;
}

/** The remedy for a fatal error, in words for its message. */
export function remedyFor(error: unknown): string {
  return diagnoseInsertError(error).remedy || doubtful.remedy;
}

/** `clickhouse_` and the error's name in lower case, for a refused row: the dead letter's error_type. */
export function refusalType(error: unknown): string {
  return error instanceof ClickHouseError ? `clickhouse_${(error.type ?? error.code).toLowerCase()}` : "clickhouse";
}

/**
 * The server ends its text with the view's name, in backquotes where it is no plain word, and perhaps its UUID. A row's
 * value that an error quotes has its closing quote after it, and so is not taken for one.
 */
function viewOf(error: ClickHouseError): string | undefined {
  return viewPattern.exec(error.message)?.[1];
}

function tooManyPartitions(view: string | undefined): InsertDiagnosis {
  const reason =
    view === undefined
      ? "the server checks this before it writes, and finds the same at every replay: parts are safe"
      : "the rows are in the table already: the view's table takes them all, however many its partitions are";
  return { class: "split", reason, remedy: "", view };
}

function viewThrew(view: string): InsertDiagnosis {
  return {
    class: "view",
    reason: "the rows may be in the table already; the same range under the same token brings them into the view, once",
    remedy:
      `mend the materialized view ${view} (DROP VIEW ${view}, then CREATE MATERIALIZED VIEW … TO its table; not ` +
      `MODIFY QUERY, with which tokens change at ClickHouse's next restart) or detach it (DETACH TABLE ${view}), ` +
      "then start again: nothing is lost, the range goes again under the same token",
    view,
  };
}
