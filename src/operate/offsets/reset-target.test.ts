import { describe, expect, it } from "vitest";
import { parseResetTarget, resolveTarget } from "./reset-target.ts";

const now = Date.parse("2026-01-31T12:00:00Z");
const bounds = { topic: "t", partition: 3, logStart: 100, logEnd: 900, committed: 500 };
const resolve = (text: string, atTime?: number) => resolveTarget(parseResetTarget(text, now), bounds, atTime);

describe("--to", () => {
  it.each([
    ["earliest", 100],
    ["latest", 900],
    ["450", 450],
    ["+10", 510],
    ["-10", 490],
    ["0", 100],
    ["5000", 900],
    ["-1000", 100],
    ["+1000", 900],
  ])("%s is offset %i, within the log", (text, offset) => {
    expect(resolve(text)).toBe(offset);
  });

  it("takes the first record at or after a time, and the log's end when there is none", () => {
    expect(parseResetTarget("2h", now)).toEqual({ kind: "time", timeMs: now - 7_200_000 });
    expect(resolve("2026-01-31T08:00:00Z", 333)).toBe(333);
    expect(resolve("2026-01-31")).toBe(900);
  });

  it("refuses what it does not know, and a step from nowhere", () => {
    expect(() => parseResetTarget("yesterday", now)).toThrow(/--to yesterday: must be a time/);
    const uncommitted = { ...bounds, committed: undefined };
    expect(() => resolveTarget({ kind: "relative", by: 5 }, uncommitted, undefined)).toThrow(/t:3 has no committed/);
  });
});
