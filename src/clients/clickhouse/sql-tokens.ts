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

const wordStart = /[A-Za-z_]/;
const wordRest = /[A-Za-z0-9_$]/;
const digit = /[0-9]/;
const heredocTag = /\$\w*\$/y;
/**
 * Blanks and quotes beyond ASCII, which ClickHouse takes as such because people paste them from text processors. Each is
 * given as a character and as the bytes of its UTF-8, as in a "latin1" text. Whoever looks for a name or a clause would
 * else be passed by with `file\u3000(…)`.
 */
const wideBlanks = "\x85\xa0\u180e\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff";
const wideBlankBytes =
  "\xc2[\x85\xa0]|\xe1\xa0\x8e|\xe2\x80[\x80-\x8d\xa8\xa9\xaf]|\xe2\x81[\x9f\xa0]|\xe3\x80\x80|\xef\xbb\xbf";
const blankAt = new RegExp(`(?:[\x00- ${wideBlanks}]|${wideBlankBytes})+`, "y");
const wideQuotes: readonly { kind: HiddenSpan["kind"]; open: string; close: string }[] = [
  { kind: "string", open: "\u2018", close: "\u2019" },
  { kind: "string", open: "\xe2\x80\x98", close: "\xe2\x80\x99" },
  { kind: "quoted", open: "\u201c", close: "\u201d" },
  { kind: "quoted", open: "\xe2\x80\x9c", close: "\xe2\x80\x9d" },
];

/**
 * The comment, string, quoted name or heredoc that begins at `at`; undefined where none does. Comments are `--`, `//`,
 * `#!` and `# ` to the end of the line, and block comments, which nest; quotes are escaped by a backslash or by doubling.
 */
export function hiddenAt(text: string, at: number): HiddenSpan | undefined {
  switch (text[at]) {
    case "-":
    case "#":
      if (!text.startsWith("--", at) && !text.startsWith("#!", at) && !text.startsWith("# ", at)) return undefined;
      return { kind: "comment", end: endBefore(text, "\n", at), isClosed: true };
    case "/":
      if (text[at + 1] === "/") return { kind: "comment", end: endBefore(text, "\n", at), isClosed: true };
      return text[at + 1] === "*" ? blockComment(text, at) : undefined;
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
    case "\xe2":
    case "\u2018":
    case "\u201c": {
      const quotes = wideQuotes.find(({ open }) => text.startsWith(open, at));
      return quotes && spanUntil(text, quotes.close, at + quotes.open.length, quotes.kind);
    }
    default:
      return undefined;
  }
}

function blockComment(text: string, start: number): HiddenSpan {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  let depth = 0;
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return { kind: "comment", end: mark.lastIndex, isClosed: true };
  }
  return { kind: "comment", end: text.length, isClosed: false };
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
    blankAt.lastIndex = at;
    if (blankAt.test(text)) {
      at = blankAt.lastIndex;
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
  const wide = wideQuotes.find(({ open }) => span.startsWith(open));
  if (wide !== undefined) return span.slice(wide.open.length, -wide.close.length);
  const quote = span[0]!;
  return span
    .slice(1, -1)
    .replaceAll(quote + quote, quote)
    .replace(/\\(.)/g, "$1");
}
