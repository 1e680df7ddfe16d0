import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findJsonError } from "./json-error.ts";

describe("findJsonError()", () => {
  it.each([
    ["", 0],
    ["  ", 2],
    ["hello", 0],
    ["nul", 3],
    ["trux", 3],
    ['{"a":1', 6],
    ['{"a":1,}', 7],
    ["[1,]", 3],
    ["[1 2]", 3],
    ["{a:1}", 1],
    ['{"a" 1}', 5],
    ['{"a":}', 5],
    ['{"a":01}', 6],
    ['{"a":1.}', 7],
    ['{"a":1e+}', 8],
    ['{"a":-}', 6],
    ['{"a":"x', 7],
    ['{"a":"\u0000"}', 6],
    ['{"a":"\\x"}', 7],
    ['{"a":"\\u00g0"}', 10],
    ['{"a":1}}', 7],
    ['{"a":1}\u0000', 7],
    ['{"a":[{"b":[]},', 15],
    ["[[[[", 4],
    ["{}{}", 2],
  ])("finds the error of %j at %i", (text, index) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(findJsonError(text)).toBe(index);
  });

  it("agrees with JSON.parse: what stands before the error is the beginning of some JSON, with it no longer", () => {
    // V8 names the position in some of its messages; where it does, it is the oracle.
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom("}", "]", ",", ":", '"', "x", "0", "\n", ""),
        (json, at, junk) => {
          const index = at % (json.length + 1);
          const text = json.slice(0, index) + junk + json.slice(index + 1);
          try {
            JSON.parse(text);
          } catch (error) {
            const position = / at position (\d+)/.exec((error as Error).message)?.[1];
            if (position !== undefined) expect(findJsonError(text)).toBe(Number(position));
            else expect(findJsonError(text)).toBeLessThanOrEqual(text.length);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("does not recurse", () => {
    expect(findJsonError("[".repeat(1_000_000))).toBe(1_000_000);
  });
});
