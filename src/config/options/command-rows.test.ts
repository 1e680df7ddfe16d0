import { describe, expect, it } from "vitest";
import { type CommandName, commandRows } from "./command-rows.ts";
import { boundsOf, helpOf, isInside } from "./describe.ts";
import { flagOf, type OptionRow, type OptionRows } from "./option-row.ts";
import { defaultsOf, readOptions, readTyped, readVariables } from "./read-options.ts";

const commands = Object.entries<OptionRows>(commandRows) as [CommandName, OptionRows][];

describe("the rows of a command", () => {
  it.each(commands)("%s have defaults within their own bounds, and each flag once", (_, rows) => {
    const defaults = defaultsOf(rows);
    for (const [name, row] of Object.entries<OptionRow>(rows)) {
      const value = defaults[name];
      if (row.default !== undefined && boundsOf(row.type) !== "") expect(isInside(row.type, Number(value))).toBe(true);
      expect(helpOf(row)).not.toMatch(/undefined|\.$/);
    }
    const flags = Object.values(rows).flatMap((row) => (row.flag === undefined ? [] : [flagOf({ flag: row.flag })]));
    expect(flags).toEqual([...new Set(flags)]);
  });
});

describe("helpOf()", () => {
  it("names words that the help does not explain, bounds and default", () => {
    const type = { kind: "choice", choices: ["a", "b"] } as const;
    expect(helpOf({ type, help: "which", default: "a" })).toBe("which: a or b (default: a)");
    expect(helpOf({ type, help: "a, or b: otherwise" })).toBe("a, or b: otherwise");
    expect(helpOf({ type: { kind: "duration", min: 500, max: 90_000 }, help: "how long", otherwise: "as x" })).toBe(
      "how long (500ms to 90s; default: as x)",
    );
  });
});

describe("reading by rows", () => {
  const rows = {
    waitMs: { flag: "--wait-long <time>", env: "WAIT_SEC", variableUnit: 1_000, type: { kind: "duration" }, help: "" },
    topics: { flag: "--topic <name...>", type: { kind: "list", of: { kind: "text", pattern: /^[a-z]+$/ } }, help: "" },
    parts: { flag: "--parts <list>", type: { kind: "list", of: { kind: "count", max: 9 } }, default: "1,2", help: "" },
    record: { flag: "--no-record", type: { kind: "flag" }, help: "" },
    isOn: { env: ["OLD_ON", "ON"], type: { kind: "flag" }, default: "true", help: "" },
  } as const satisfies OptionRows;

  it("puts defaults after what was typed", () => {
    const defaults = { waitMs: undefined, topics: undefined, parts: [1, 2], record: true, isOn: true };
    expect(readOptions(rows, {})).toEqual(defaults);
    expect(readOptions(rows, { waitLong: "2s", topic: ["a", "b"], parts: "3, 4", record: false })).toEqual({
      ...{ waitMs: 2_000, topics: ["a", "b"], parts: [3, 4], record: false, isOn: true },
    });
    expect(readTyped(rows, { topic: ["a"] })).toEqual({ topics: ["a"] });
  });

  it("takes the last of several variables, and a bare number in the variable's unit", () => {
    expect(readVariables(rows, { OLD_ON: "true", ON: "0", WAIT_SEC: "0.5", OTHER: "x" })).toEqual({
      isOn: false,
      waitMs: 500,
    });
    expect(readVariables(rows, { OTHER: "" })).toEqual({});
  });

  it("refuses a part of a list by itself, and names the flag or the variable", () => {
    expect(() => readTyped(rows, { topic: ["a", "B"] })).toThrow("--topic B: must match ^[a-z]+$");
    expect(() => readTyped(rows, { parts: "3,x" })).toThrow("--parts x: must be a whole number");
    expect(() => readTyped(rows, { waitLong: "2" })).toThrow("--wait-long 2: must be a number with a unit");
    expect(() => readVariables(rows, { ON: "maybe" })).toThrow('ON: "maybe" must be true or false');
    expect(() => readVariables(rows, { WAIT_SEC: "2s" })).toThrow('WAIT_SEC: "2s" must be a number');
  });
});
