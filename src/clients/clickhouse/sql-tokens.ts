/**
 * A scanner for ClickHouse SQL, just deep enough to find clauses: it knows where strings, quoted names, comments and
 * heredocs end, by the rules of ClickHouse's own (src/Parsers/Lexer.cpp of 26.7), and nothing of expressions. It works
 * on demand, one token at a time, so that a statement followed by megabytes of insert data is never scanned past its
 * FORMAT clause.
 *
 * One for all who look into a statement: the migrations' files, the embedded server, what ClickHouse prints of a table.
 * Texts may be "latin1" strings, one character for each byte.
 */

export type Token = {
  kind: "word" | "quoted" | "string" | "number" | "sign" | "end";
  /** Offsets into the text, `end` exclusive. */
  start: number;
  end: number;
  /** The upper-case text of a word, the sign itself, otherwise empty. */
  text: string;
};

/** A stretch that hides what stands in it. */
export type HiddenSpan = {
  kind: "comment" | "string" | "quoted";
  /** Exclusive; the text's end when nothing closes it. */
  end: number;
  isClosed: boolean;
};

const wordStart = /[A-Za-z_\x80-\xff]/;
const wordRest = /[A-Za-z0-9_$\x80-\xff]/;
const digit = /[0-9]/;
const heredocTag = /\$\w*\$/y;

/**
 * The comment, string, quoted name or heredoc that begins at `at`; undefined where none does. Comments are `--`, `#!` and
 * `# ` to the end of the line, and block comments without nesting; quotes are escaped by a backslash or by doubling.
 */
export function hiddenAt(text: string, at: number): HiddenSpan | undefined {
  switch (text[at]) {
    case "-":
    case "#":
      if (!text.startsWith("--", at) && !text.startsWith("#!", at) && !text.startsWith("# ", at)) return undefined;
      return { kind: "comment", end: endBefore(text, "\n", at), isClosed: true };
    case "/":
      return text[at + 1] === "*" ? spanUntil(text, "*/", at + 2, "comment") : undefined;
    case "'":
      return quotedSpan(text, at, "string");
    case '"':
    case "`":
      return quotedSpan(text, at, "quoted");
    case "$": {
      heredocTag.lastIndex = at;
      const tag = heredocTag.exec(text)?.[0];
      const span = tag === undefined ? undefined : spanUntil(text, tag, at + tag.length, "string");
      // Dollars that nothing closes are signs.
      return span?.isClosed === true ? span : undefined;
    }
    default:
      return undefined;
  }
}

function endBefore(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found;
}

function spanUntil(text: string, close: string, from: number, kind: HiddenSpan["kind"]): HiddenSpan {
  const found = text.indexOf(close, from);
  return { kind, end: found < 0 ? text.length : found + close.length, isClosed: found >= 0 };
}

function quotedSpan(text: string, start: number, kind: HiddenSpan["kind"]): HiddenSpan {
  const quote = text[start]!;
  let at = start + 1;
  while (at < text.length) {
    const char = text[at]!;
    if (char === "\\") at += 2;
    else if (char !== quote) at++;
    else if (text[at + 1] === quote) at += 2;
    else return { kind, end: at + 1, isClosed: true };
  }
  return { kind, end: text.length, isClosed: false };
}

/** Skips blanks and comments from `offset`; returns the offset of the next token or the end of the text. */
function skipBlank(text: string, offset: number): number {
  let at = offset;
  while (at < text.length) {
    const char = text[at]!;
    if (char <= " " || char === "\xa0") {
      at++;
      continue;
    }
    const hidden = hiddenAt(text, at);
    if (hidden?.kind !== "comment") break;
    at = hidden.end;
  }
  return at;
}

/** The end of the word that begins at `offset`; `offset` where none does. */
export function skipWord(text: string, offset: number): number {
  return wordStart.test(text[offset] ?? "") ? skipWhile(text, offset, wordRest) : offset;
}

function skipWhile(text: string, offset: number, pattern: RegExp): number {
  let at = offset;
  while (at < text.length && pattern.test(text[at]!)) at++;
  return at;
}

/** Reads the token at or after `offset`. At the end of the text it returns kind `end` with an empty span. */
export function readToken(text: string, offset: number): Token {
  const start = skipBlank(text, offset);
  if (start >= text.length) return { kind: "end", start: text.length, end: text.length, text: "" };
  const char = text[start]!;
  const wordEnd = skipWord(text, start);
  if (wordEnd > start) return { kind: "word", start, end: wordEnd, text: text.slice(start, wordEnd).toUpperCase() };
  const hidden = hiddenAt(text, start);
  if (hidden !== undefined)
    return { kind: hidden.kind === "quoted" ? "quoted" : "string", start, end: hidden.end, text: "" };
  if (digit.test(char)) return { kind: "number", start, end: skipWhile(text, start, /[0-9A-Za-z_.]/), text: "" };
  return { kind: "sign", start, end: start + 1, text: char };
}

/** The name that a word or quoted token spells, with the quotes and their escapes removed. */
export function tokenName(text: string, token: Token): string {
  const span = text.slice(token.start, token.end);
  if (token.kind !== "quoted") return span;
  const quote = span[0]!;
  return span
    .slice(1, -1)
    .replaceAll(quote + quote, quote)
    .replace(/\\(.)/g, "$1");
}
