import { describe, expect, it } from "vitest";
import { Randomness } from "../kernel/testing/randomness.ts";
import { readExactDecimal, scaleExactDecimal } from "./columns/decimal-text.ts";
import { RowContext } from "./row-context.ts";

function mayHideFraction(numberText: string): boolean {
  const context = new RowContext();
  context.decoded.jsonText = `{"a":"b","x":${numberText},"y":[1]}`;
  return context.mayHideFraction();
}

describe("mayHideFraction()", () => {
  it("is true of every number that a double makes whole", () => {
    const random = new Randomness(22);
    const digits = (count: number) => Array.from({ length: count }, () => random.below(10)).join("");
    let hidden = 0;
    for (let run = 0; run < 50_000; run++) {
      const whole = String(Math.floor(2 ** (random.below(540) / 10)));
      const zeros = (random.oneIn(2) ? "0" : "9").repeat(random.below(20));
      const exponent = random.oneIn(3) ? `${random.oneIn(2) ? "e" : "E-"}${random.below(30)}` : "";
      const text = `${whole}${random.oneIn(9) ? "" : `.${zeros}${digits(1 + random.below(9))}`}${exponent}`;
      if (!Number.isSafeInteger(Number(text))) continue;
      if (scaleExactDecimal(readExactDecimal(text)!, 0, "truncate")?.inexact !== true) continue;
      hidden++;
      if (!mayHideFraction(text)) expect(mayHideFraction(text), text).toBe(true);
    }
    expect(hidden).toBeGreaterThan(2_000);
  });

  it("is true of what is next to nothing", () => {
    for (const text of ["1e-400", "3.628635E-344", "12e-340", `0.${"0".repeat(330)}1`]) {
      expect(mayHideFraction(text), text).toBe(true);
    }
  });

  it("is false of ordinary documents, and of what has no text", () => {
    for (const text of [
      "1",
      "-2.5",
      "1e3",
      "1700000000.123456",
      "-0.12345678901234",
      "9007199254740993",
      '"2026-01-02T03:04:05.123Z"',
    ]) {
      expect(mayHideFraction(text), text).toBe(false);
    }
    const context = new RowContext();
    context.decoded.jsonText = '{"x":1e-400}';
    expect(context.mayHideFraction()).toBe(true);
    context.decoded.jsonText = undefined;
    expect(context.mayHideFraction()).toBe(false);
  });
});

it("the text of a value that rules have moved twice is that of the field where it stood first", () => {
  const context = new RowContext();
  context.decoded.jsonText = '{"second":"","third":12.00000000000000000001}';
  context.replaced("second", ["third"]);
  context.replaced("first", ["second"]);
  context.keys = ["first"];
  expect(context.sourceText()).toBe("12.00000000000000000001");
  context.replaced("second", undefined);
  context.replaced("first", ["second"]);
  expect(context.sourceText()).toBeUndefined();
  context.decoded.jsonText = '{"a.b":{"c":{"d.e":1.50}}}';
  context.replaced("first", ["a.b", "c"]);
  context.keys = ["first", "d.e"];
  expect(context.sourceText()).toBe("1.50");
});
