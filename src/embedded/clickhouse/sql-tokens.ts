/**
 * A scanner for ClickHouse SQL, just deep enough to find clauses: it knows where strings, quoted names, comments and
 * heredocs end, and nothing of expressions. It works on demand, one token at a time, so that a statement followed by
 * megabytes of insert data is never scanned past its FORMAT clause.
 */

export type Token = {
  kind: "word" | "quoted" | "string" | "number" | "sign" | "end";
  /** Offsets into the text, `end` exclusive. */
  start: number;
  end: number;
  /** The upper-case text of a word, the sign itself, otherwise empty. */
  text: string;
};

const wordStart = /[A-Za-z_\x80-\xff]/;
const wordRest = /[A-Za-z0-9_$\x80-\xff]/;
const digit = /[0-9]/;

/** Skips blanks and comments from `offset`; returns the offset of the next token or the end of the text. */
function skipBlank(text: string, offset: number): number {
  let at = offset;
  while (at < text.length) {
    const char = text[at]!;
    if (char <= " " || char === "\xa0") at++;
    else if (text.startsWith("--", at) || text.startsWith("#!", at) || text.startsWith("# ", at)) {
      const newline = text.indexOf("\n", at);
      at = newline < 0 ? text.length : newline + 1;
    } else if (text.startsWith("/*", at)) {
      const close = text.indexOf("*/", at + 2);
      at = close < 0 ? text.length : close + 2;
    } else break;
  }
  return at;
}

/** Returns the offset after a quoted span that opens at `offset`; an unterminated one ends with the text. */
function skipQuoted(text: string, offset: number): number {
  const quote = text[offset]!;
  let at = offset + 1;
  while (at < text.length) {
    const char = text[at]!;
    if (char === "\\") at += 2;
    else if (char !== quote) at++;
    else if (text[at + 1] === quote) at += 2;
    else return at + 1;
  }
  return text.length;
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
  if (wordStart.test(char)) {
    const end = skipWhile(text, start, wordRest);
    return { kind: "word", start, end, text: text.slice(start, end).toUpperCase() };
  }
  if (char === "'") return { kind: "string", start, end: skipQuoted(text, start), text: "" };
  if (char === '"' || char === "`") return { kind: "quoted", start, end: skipQuoted(text, start), text: "" };
  if (digit.test(char)) return { kind: "number", start, end: skipWhile(text, start, /[0-9A-Za-z_.]/), text: "" };
  if (char === "$") {
    const tag = /^\$[A-Za-z0-9_]*\$/.exec(text.slice(start, start + 64))?.[0];
    if (tag !== undefined) {
      const close = text.indexOf(tag, start + tag.length);
      return { kind: "string", start, end: close < 0 ? text.length : close + tag.length, text: "" };
    }
  }
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
