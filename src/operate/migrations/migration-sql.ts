/**
 * Splits a migration file into statements.
 *
 * A semicolon ends a statement only outside of comments, string literals and quoted identifiers, so the file is cut into
 * segments by ClickHouse's own lexical rules (src/Parsers/Lexer.cpp of ClickHouse 26.7): `--` and `#!` or `# ` to the
 * end of the line, block comments without nesting, quotes escaped by a backslash or by doubling, and heredocs between
 * two equal `$tag$`. Comments are dropped: they are for the reader of the file. Literals stay apart from code, because
 * placeholders are replaced in code only.
 */

export interface SqlSegment {
  kind: "code" | "literal";
  text: string;
}

export type SqlStatement = SqlSegment[];

/** Lexical pieces that may hide a semicolon. Sticky: matched at a position. */
const lineComment = /(?:--|#!|# )[^\n]*/y;
const blockComment = /\/\*[\s\S]*?\*\//y;
const quoted = /'(?:\\[\s\S]|''|[^'\\])*'|"(?:\\[\s\S]|""|[^"\\])*"|`(?:\\[\s\S]|``|[^`\\])*`/y;
const heredoc = /\$(\w*)\$[\s\S]*?\$\1\$/y;
/** Begins one of the pieces above. Where none of them matches, it was opened and never closed. */
const opener = /\/\*|['"`]/y;

function matchAt(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}

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
  let position = 0;
  while (position < text.length) {
    const comment = matchAt(lineComment, text, position) ?? matchAt(blockComment, text, position);
    if (comment !== undefined) {
      // A comment separates words, as a blank does.
      code += " ";
      position += comment.length;
      continue;
    }
    const literal = matchAt(quoted, text, position) ?? matchAt(heredoc, text, position);
    if (literal !== undefined) {
      endCode();
      statement.push({ kind: "literal", text: literal });
      position += literal.length;
      continue;
    }
    const opened = matchAt(opener, text, position);
    if (opened !== undefined) throw new UnterminatedSqlError(opened, text.slice(0, position).split("\n").length);
    if (text[position] === ";") endStatement();
    else code += text[position];
    position += 1;
  }
  endStatement();
  return statements;
}
