import { afterEach, expect, it, vi } from "vitest";
import { describeUnexpected, noticePrinter } from "./notice.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const error = new Error("Cannot do it", { cause: new TypeError("x is undefined") });

it("describes an error that nobody foresaw without its stack trace", () => {
  expect(describeUnexpected(error)).toBe(
    "unexpected error: Error: Cannot do it\ncaused by: TypeError: x is undefined\n" +
      "(MILLRACE_LOG_LEVEL=debug shows where it comes from)",
  );
  expect(describeUnexpected("text")).toMatch(/^unexpected error: text\n/);
});

it.each([
  [undefined, false],
  ["info", false],
  ["debug", true],
])("with log level %s a stack trace is shown: %s", (level, hasStack) => {
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  noticePrinter(["lag"], level)("error", "Cannot do it", error);
  expect(print).toHaveBeenCalledOnce();
  const [text] = print.mock.calls[0]!;
  expect(text).toMatch(/^millrace: Cannot do it/);
  expect(text.includes("    at ")).toBe(hasStack);
});
