import { readToken, tokenName } from "./sql-tokens.ts";

/** Reading what ClickHouse prints of a table: CREATE statements and engine clauses. */

export interface SqlToken {
  kind: "name" | "string" | "number" | "sign";
  /** Names without their quotes. */
  text: string;
  /** How many parentheses are open around it; a parenthesis itself belongs to the outside. */
  depth: number;
}

/** Signs of two characters, which mean something else than the two. */
const doubleSigns = new Set(["->", "::", "<=", ">=", "!=", "<>", "||"]);

/** Cuts a statement as ClickHouse prints it into tokens. */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let depth = 0;
  for (let token = readToken(sql, 0); token.kind !== "end"; token = readToken(sql, token.end)) {
    if (token.kind === "word" || token.kind === "quoted") {
      tokens.push({ kind: "name", text: tokenName(sql, token), depth });
      continue;
    }
    if (token.kind === "sign" && doubleSigns.has(sql.slice(token.start, token.end + 1))) token.end += 1;
    const text = sql.slice(token.start, token.end);
    if (text === ")" || text === "]") depth -= 1;
    tokens.push({ kind: token.kind, text, depth });
    if (text === "(" || text === "[") depth += 1;
  }
  return tokens;
}

/** The table of `TO database.table` in a CREATE MATERIALIZED VIEW; undefined for a view with a table of its own. */
export function targetOfView(createQuery: string): { database: string | undefined; table: string } | undefined {
  const tokens = sqlTokens(createQuery);
  for (const [at, { kind, text, depth }] of tokens.entries()) {
    if (depth > 0 || kind !== "name") continue;
    if (/^(AS|ENGINE)$/i.test(text)) return undefined;
    if (!/^TO$/i.test(text)) continue;
    const [first, dot, second] = tokens.slice(at + 1, at + 4);
    if (first?.kind !== "name" || /^INNER$/i.test(first.text)) return undefined;
    if (dot?.text === "." && second !== undefined) return { database: first.text, table: second.text };
    return { database: undefined, table: first.text };
  }
  return undefined;
}

/** A refreshable view runs by the clock, not by inserts. */
export function isRefreshable(createQuery: string): boolean {
  const tokens = sqlTokens(createQuery);
  const end = tokens.findIndex(({ text, depth }) => depth === 0 && /^AS$/i.test(text));
  return tokens
    .slice(0, end)
    .some(
      ({ text, depth }, at) => depth === 0 && text === "REFRESH" && /^(EVERY|AFTER)$/.test(tokens[at + 1]?.text ?? ""),
    );
}

/** The value of a table's own setting, from its engine clause. */
export function tableSetting(engineFull: string, name: string): string | undefined {
  const settings = / SETTINGS (.*)$/s.exec(engineFull)?.[1] ?? "";
  return new RegExp(`(?:^|[\\s,])${name} = '?([^,'\\s]+)`).exec(settings)?.[1];
}
