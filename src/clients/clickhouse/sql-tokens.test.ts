import { describe, expect, it } from "vitest";
import { hiddenAt, readToken, tokenName } from "./sql-tokens.ts";

/** Kind and text of each token, a blank between the two. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  for (let token = readToken(text, 0); token.kind !== "end"; token = readToken(text, token.end)) {
    tokens.push(`${token.kind} ${text.slice(token.start, token.end)}`);
  }
  return tokens;
}

describe("readToken()", () => {
  it("passes over blanks and comments of each kind", () => {
    expect(tokensOf("-- a\nb /* c ; ' */ d #! e\n# f\n#g - // ' h\n-- h")).toEqual([
      "word b",
      "word d",
      "sign #",
      "word g",
      "sign -",
    ]);
  });

  it("passes over block comments in block comments", () => {
    expect(tokensOf("a /* b /* c */ ' */ d /* e /* */ f")).toEqual(["word a", "word d"]);
  });

  const asBytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");

  it.each(["\u0085", "\u00a0", "\u180e", "\u2003", "\u200b", "\u2029", "\u202f", "\u2060", "\u3000", "\ufeff"])(
    "passes over the wide blank %j, as a character and as bytes",
    (blank) => {
      const text = `INTO${blank}OUTFILE`;
      expect(tokensOf(text)).toEqual(["word INTO", "word OUTFILE"]);
      expect(tokensOf(asBytes(text))).toEqual(["word INTO", "word OUTFILE"]);
    },
  );

  it("reads what stands in typographic quotes, as characters and as bytes", () => {
    for (const text of ['‘a ; "’ “file”()', asBytes('‘a ; "’ “file”()')]) {
      const string = readToken(text, 0);
      const name = readToken(text, string.end);
      expect([string.kind, name.kind, tokenName(text, name)]).toEqual(["string", "quoted", "file"]);
      expect(readToken(text, name.end).text).toBe("(");
    }
  });

  it("reads quotes that are escaped or doubled", () => {
    expect(tokensOf("'it''s' 'a\\'b' `c``d` \"e\\\"f\" 'open")).toEqual([
      "string 'it''s'",
      "string 'a\\'b'",
      "quoted `c``d`",
      'quoted "e\\"f"',
      "string 'open",
    ]);
  });

  it("reads a heredoc, and dollars that close none", () => {
    expect(tokensOf("$x$ a $$ b $x$ a$b$c 1.5e3 $y$ d")).toEqual([
      "string $x$ a $$ b $x$",
      "word a$b$c",
      "number 1.5e3",
      "sign $",
      "word y$",
      "word d",
    ]);
  });
});

it("tokenName() takes quotes and escapes away", () => {
  expect(tokenName("`a``b\\`c`", readToken("`a``b\\`c`", 0))).toBe("a`b`c");
});

describe("hiddenAt()", () => {
  it.each([
    ["/* a", "comment", false],
    ["/* a */ b", "comment", true],
    ["-- a", "comment", true],
    ["'a", "string", false],
    ["`a` b", "quoted", true],
    ["$$ a $$", "string", true],
  ])("%s: a %s, closed: %s", (text, kind, isClosed) => {
    expect(hiddenAt(text, 0)).toMatchObject({ kind, isClosed });
  });

  it.each(["a", "-a", "#a", "/a", "$a", "$$ a"])("%s hides nothing", (text) => {
    expect(hiddenAt(text, 0)).toBeUndefined();
  });
});
