import { hiddenAt, skipWord } from "../../clients/clickhouse/sql-tokens.ts";

/**
 * Splits a migration file into statements.
 *
 * A semicolon ends a statement only outside of comments, string literals and quoted identifiers, so the file is cut into
 * segments by ClickHouse's own lexical rules (src/clients/clickhouse/sql-tokens.ts). Comments are dropped: they are for
 * the reader of the file. Literals stay apart from code, because placeholders are replaced in code only.
 */

export interface SqlSegment {
  kind: "code" | "literal";
  text: string;
}

export type SqlStatement = SqlSegment[];

/** Thrown for text that ends inside a literal or a comment; the caller knows the file's name. */
export class UnterminatedSqlError extends Error {
  readonly line: number;
  constructor(opened: string, line: number) {
    super(`${opened} is opened in line ${line} and never closed`);
    this.line = line;
  }
}

/**
 * The statements of `text`, in order, without comments and without the closing semicolons; empty ones are left out.
 * Throws UnterminatedSqlError.
 */
export function splitStatements(text: string): SqlStatement[] {
  const statements: SqlStatement[] = [];
  let statement: SqlStatement = [];
  let code = "";
  const endCode = () => {
    if (code !== "") statement.push({ kind: "code", text: code });
    code = "";
  };
  const endStatement = () => {
    endCode();
    if (statement.some((segment) => segment.text.trim() !== "")) statements.push(statement);
    statement = [];
  };
  let at = 0;
  while (at < text.length) {
    const hidden = hiddenAt(text, at);
    if (hidden === undefined) {
      const end = Math.max(skipWord(text, at), at + 1);
      if (text[at] === ";") endStatement();
      else code += text.slice(at, end);
      at = end;
      continue;
    }
    if (!hidden.isClosed) {
      const opened = hidden.kind === "comment" ? "/*" : text[at]!;
      throw new UnterminatedSqlError(opened, text.slice(0, at).split("\n").length);
    }
    if (hidden.kind === "comment") {
      // A comment separates words, as a blank does.
      code += " ";
    } else {
      endCode();
      statement.push({ kind: "literal", text: text.slice(at, hidden.end) });
    }
    at = hidden.end;
  }
  endStatement();
  return statements;
}
