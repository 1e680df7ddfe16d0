import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementTexts } from "./json-scan.ts";
import { findSourceText } from "./source-text.ts";

describe("findSourceText()", () => {
  it.each([
    ['{"a":1.50}', ["a"], "1.50"],
    [' { "a" : [ 1 , 2 ] , "b" : {} } ', ["a"], "[ 1 , 2 ]"],
    ['{"a":1,"a":2}', ["a"], "2"],
    ['{"a":{"b":1},"a":{"c":3}}', ["a", "b"], undefined],
    ['{"\\u0061\\n":"x"}', ["a\n"], '"x"'],
    ['{"a\\"}":{"b":"\\\\"},"c":1}', ['a"}', "b"], '"\\\\"'],
    ['{"a":{"b":{"c":-0}}}', ["a", "b", "c"], "-0"],
    ['{"a":"}"}', ["b"], undefined],
    ['{"a":[1]}', ["a", "0"], undefined],
    ['{"__proto__":1e400}', ["__proto__"], "1e400"],
    ["{}", ["a"], undefined],
    ["[1]", ["a"], undefined],
    [" 12 ", [], "12"],
  ])("in %s finds %j", (json, path, expected) => {
    expect(findSourceText(json, path)).toBe(expected);
  });

  it("finds text that parses to the value JSON.parse found, for any document, spaced or not", () => {
    const documents = fc.dictionary(fc.string({ unit: "binary" }), fc.dictionary(fc.string(), fc.jsonValue()));
    fc.assert(
      fc.property(documents, fc.constantFrom(0, 1, "\t"), (generated, indent) => {
        const json = JSON.stringify(generated, null, indent);
        const document = JSON.parse(json) as Record<string, Record<string, unknown>>;
        for (const [outer, inner] of Object.entries(document)) {
          for (const [key, value] of Object.entries(inner)) {
            expect(JSON.parse(findSourceText(json, [outer, key])!)).toEqual(value);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it("walks a document that is nested a hundred thousand deep", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(findSourceText(`{"a":${deep},"b":7}`, ["b"])).toBe("7");
  });
});

describe("elementTexts()", () => {
  it("cuts an array at its own commas only", () => {
    expect(elementTexts('[ 1 ,"a,]\\"", [2, 3] ,{"b":[4,5]},null ]', 0)).toEqual([
      "1",
      '"a,]\\""',
      "[2, 3]",
      '{"b":[4,5]}',
      "null",
    ]);
    expect(elementTexts("[]", 0)).toEqual([]);
  });
});
