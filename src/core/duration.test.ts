import { describe, expect, it } from "vitest";
import { readDurationMs } from "./duration.ts";

describe("readDurationMs()", () => {
  it.each([
    ["250ms", 250],
    ["0.4ms", 0],
    ["20s", 20_000],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    [" 7d ", 604_800_000],
  ])("reads %j", (text, expected) => expect(readDurationMs(text)).toBe(expected));

  it.each(["20", "s", "-1s", "1 s", "1w", "1S", ".5s", ""])("knows no length of time in %j", (text) => {
    expect(readDurationMs(text)).toBeUndefined();
  });
});
