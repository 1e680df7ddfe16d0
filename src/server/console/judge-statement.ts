import { readToken, type Token, tokenName } from "../../clients/clickhouse/sql-tokens.ts";

/** What a statement may begin with: all that only reads. The server refuses writes as well (readonly). */
const readingWords = new Set(["SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS"]);

/**
 * Functions that reach beyond the tables, which `readonly` lets through: files of the machine (the embedded engine reads
 * any), other servers, models. Table functions are refused by the server, but for DESCRIBE, and for a subquery that sets
 * `readonly = 0`.
 */
const farFunctions = /^(?:file|hascolumnintable|catboostevaluate|input|ai\w+)$/i;
/** What `(` may follow without being a call, where a table is described. */
const beforeQuery = new Set(["DESCRIBE", "DESC", "TABLE"]);

const STATEMENT_CHARS_MAX = 20_000;

/** Why the console does not send a statement to ClickHouse; undefined: it may. */
export function refusalOf(sql: string): string | undefined {
  if (sql.length > STATEMENT_CHARS_MAX) return `The statement has more than ${STATEMENT_CHARS_MAX} characters.`;
  const tokens = tokensOf(sql);
  const [first] = tokens;
  if (first === undefined) return "There is no statement.";
  if (!readingWords.has(first.text) && first.text !== "(") {
    return "Only statements that read are sent: SELECT, WITH, SHOW, DESCRIBE, EXPLAIN, EXISTS.";
  }
  const semicolon = tokens.findIndex(({ text }) => text === ";");
  if (semicolon !== -1 && semicolon !== tokens.length - 1) return "One statement at a time: there is text after the ;.";
  const far = farFunction(sql, tokens);
  if (far !== undefined) return `The function ${far} reaches beyond the tables: not from here.`;
  if (
    beforeQuery.has(first.text) &&
    tokens.some(({ text }, index) => isCall(tokens, index) && !beforeQuery.has(text))
  ) {
    // To tell what columns it has, ClickHouse reads the file, or asks the server, that a table function names.
    return "DESCRIBE takes the name of a table here, and no function.";
  }
  if (setsSomething(tokens)) return "Leave SETTINGS away: the console's limits stay as they are.";
  const words = tokens.filter(({ text }) => text !== ";");
  const isFormat = words.at(-2)?.text === "FORMAT" && isName(words.at(-1)) && words.length > 2;
  if (isFormat) return "Leave FORMAT away: the answer is shown as a table.";
  if (tokens.some(({ text }, index) => text === "INTO" && tokens[index + 1]?.text === "OUTFILE")) {
    return "INTO OUTFILE is not for the console: use `millrace query`.";
  }
  return undefined;
}

/** The statement without the semicolon at its end, to which the client would add its own clauses. */
export function withoutEnd(sql: string): string {
  const semicolon = tokensOf(sql).find(({ text }) => text === ";");
  return semicolon === undefined ? sql : sql.slice(0, semicolon.start);
}

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ; at = tokens.at(-1)!.end) {
    const token = readToken(sql, at);
    if (token.kind === "end") return tokens;
    tokens.push(token);
  }
}

/**
 * A function that is called, or named where a function may be handed over: `arrayMap(file, …)`, `* APPLY file`. A column of
 * such a name is let through outside of brackets, and wherever its table's name stands before it.
 */
function farFunction(sql: string, tokens: readonly Token[]): string | undefined {
  let depth = 0;
  for (const [index, token] of tokens.entries()) {
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    if (!isName(token) || !farFunctions.test(tokenName(sql, token))) continue;
    const before = tokens[index - 1]?.text;
    if (isCall(tokens, index) || before === "APPLY") return sql.slice(token.start, token.end);
    // A column may be called airline.
    const isColumn = depth === 0 || before === "." || /^ai[_a-z]/.test(tokenName(sql, token));
    if (!isColumn) return sql.slice(token.start, token.end);
  }
  return undefined;
}

function setsSomething(tokens: readonly Token[]): boolean {
  return tokens.some(({ text }, index) => {
    if (text !== "SETTINGS" || tokens[index - 1]?.text === ".") return false;
    const after = tokens[index + 2]?.text;
    return isName(tokens[index + 1]) && (after === "=" || after === ".");
  });
}

function isCall(tokens: readonly Token[], index: number): boolean {
  return isName(tokens[index]) && tokens[index + 1]?.text === "(";
}

function isName(token: Token | undefined): boolean {
  return token?.kind === "word" || token?.kind === "quoted";
}
