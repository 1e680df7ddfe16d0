import { ClickHouseError } from "@clickhouse/client";
import { describe, expect, it } from "vitest";
import { classifyInsertError, diagnoseInsertError, refusalType, remedyFor } from "./diagnose-insert.ts";
import { insertErrors } from "./insert-errors.ts";

const server = (code: string, type?: string, message = "text. ") =>
  new ClickHouseError({ message, code, ...(type === undefined ? {} : { type }) });

const partitions = "Too many partitions for single INSERT block (more than 100). The limit is controlled by …";
const inView = ": while pushing to view d.by_day. ";

describe("classifyInsertError()", () => {
  it.each([
    ["a value out of range", server("321"), "data"],
    ["a violated constraint", server("469"), "data"],
    ["a missing table", server("60"), "fatal"],
    ["a wrong password", server("516"), "fatal"],
    ["memory limit", server("241"), "overload"],
    [
      "too many parts",
      server("252", "TOO_MANY_PARTS", "Too many parts (3000 with average size of 1 KiB). "),
      "overload",
    ],
    ["too many partitions, which has the same code", server("252", "TOO_MANY_PARTS", partitions), "split"],
    ["a body that was cut off on its way", server("33"), "retry"],
    ["a code that nobody has judged", server("9999"), "doubtful"],
    ["a reset connection: the outcome is unknown", new Error("socket hang up"), "retry"],
    ["a view that refuses a value", server("395", "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", `no${inView}`), "view"],
    ["a view whose column is gone", server("47", "UNKNOWN_IDENTIFIER", `no${inView}`), "view"],
    [
      "a view without memory: the same token heals it",
      server("241", "MEMORY_LIMIT_EXCEEDED", `no${inView}`),
      "overload",
    ],
    [
      "a row that quotes the text of a view's error",
      server("469", "VIOLATED_CONSTRAINT", `Constraint c is violated. Column values: name = 'x${inView}'. `),
      "data",
    ],
    [
      "a row that quotes it before other columns",
      server("469", "VIOLATED_CONSTRAINT", "Constraint c is violated. name = 'x: while pushing to view y', id = 7. "),
      "data",
    ],
    ["a view with an odd name", server("395", undefined, "no: while pushing to view d.`a \\` b`. "), "view"],
  ])("%s", (_name, error, expected) => expect(classifyInsertError(error)).toBe(expected));

  it("names the remedy of a fatal error, the view that threw, and the server's type of a refused row", () => {
    expect(remedyFor(server("516"))).toContain("CLICKHOUSE_PASSWORD");
    expect(remedyFor(server("60"))).toContain("ATTACH TABLE");
    const uuid = "6c5d1d2e-0c43-4b43-9f5e-2d1f9c7b8a10";
    const text = `no: while pushing to view d.by_day (${uuid}). `;
    expect(diagnoseInsertError(server("395", "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", text)).view).toBe("d.by_day");
    expect(refusalType(server("469", "VIOLATED_CONSTRAINT"))).toBe("clickhouse_violated_constraint");
  });

  it("does not blame the server's version for a statement that is too long", () => {
    const text =
      "Syntax error: failed at position 262144 (`c`): `c`. Max query size exceeded (can be increased with …): `c`. ";
    expect(remedyFor(server("62", "SYNTAX_ERROR", text))).toContain("max_query_size");
    expect(remedyFor(server("62", "SYNTAX_ERROR", "Syntax error: failed at position 5"))).toContain("version");
  });

  it("has each code once, with a reason, and a remedy for whatever stops", () => {
    expect(new Set(insertErrors.map(({ code }) => code)).size).toBe(insertErrors.length);
    for (const row of insertErrors) {
      expect(row.reason).not.toBe("");
      if (row.class === "fatal") expect(row.remedy).not.toBe("");
    }
  });
});
