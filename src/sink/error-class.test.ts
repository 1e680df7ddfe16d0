import { ClickHouseError } from "@clickhouse/client";
import { describe, expect, it } from "vitest";
import { classifyInsertError, refusalType, remedyFor } from "./error-class.ts";

const server = (code: string, type = "SOME_TYPE") => new ClickHouseError({ message: "text", code, type });

describe("classifyInsertError()", () => {
  it.each([
    ["a value out of range", server("321"), "data"],
    ["a violated constraint", server("469"), "data"],
    ["a missing table", server("60"), "fatal"],
    ["a wrong password", server("516"), "fatal"],
    ["memory limit", server("241"), "retry"],
    ["too many parts", server("252"), "retry"],
    ["a code that nobody has classified", server("9999"), "retry"],
    ["a reset connection: the outcome is unknown", new Error("socket hang up"), "retry"],
  ])("%s", (_name, error, expected) => expect(classifyInsertError(error)).toBe(expected));

  it("names the remedy of a fatal error, and the server's type of a refused row", () => {
    expect(remedyFor(server("516"))).toContain("CLICKHOUSE_PASSWORD");
    expect(refusalType(server("469", "VIOLATED_CONSTRAINT"))).toBe("clickhouse_violated_constraint");
  });
});
