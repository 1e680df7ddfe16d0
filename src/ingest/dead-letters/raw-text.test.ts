import { describe, expect, it } from "vitest";
import { describeRaw, hexDump } from "./raw-text.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("describeRaw()", () => {
  it.each([
    ["JSON with indents", '{"a":[1]}', '{\n  "a": [\n    1\n  ]\n}'],
    ["a number that JavaScript would round as it came", '{"a":12345678901234567890}', '{"a":12345678901234567890}'],
    ["other text as it is", "plain\ttext\n", "plain\ttext\n"],
    ["text with an escape sequence as a hex dump", "\u001b[2J", `00000000  1b 5b 32 4a${" ".repeat(38)}.[2J`],
  ])("shows %s", (_name, text, expected) => expect(describeRaw(bytes(text))).toBe(expected));

  it("shows what is not UTF-8 as a hex dump", () => {
    expect(describeRaw(Uint8Array.of(0x7b, 0xff))).toBe(`00000000  7b ff${" ".repeat(44)}{.`);
  });
});

describe("hexDump()", () => {
  it("has sixteen bytes a line", () => {
    expect(
      hexDump(new Uint8Array(33))
        .split("\n")
        .map((line) => line.slice(0, 8)),
    ).toEqual(["00000000", "00000010", "00000020"]);
  });
});
