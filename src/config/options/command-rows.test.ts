import { describe, expect, it } from "vitest";
import { type CommandName, commandRows } from "./command-rows.ts";
import { boundsOf, helpOf, isInside } from "./describe.ts";
import { attributeOf, flagOf, type OptionRow, type OptionRows } from "./option-row.ts";
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

const all = commands.flatMap(([command, rows]) =>
  Object.entries<OptionRow>(rows).flatMap(([name, row]) =>
    row.flag === undefined ? [] : ([[`${command} ${flagOf({ flag: row.flag })}`, name, row]] as const),
  ),
);

describe("an option of a command", () => {
  // Compared with times, never waited for.
  const notWaitedFor = ["surviveMs", "sinceMs", "untilMs", "lookbackMs", "windowMs"];
  const durations = all.filter(([, , { type }]) => type.kind === "duration");

  it.each(durations)("%s has bounds, and no timer overflows", (_, name, { type }) => {
    const { min = 0, max } = type as { min?: number; max?: number };
    expect(min).toBeGreaterThan(0);
    expect(max).toBeLessThanOrEqual(notWaitedFor.includes(name) ? Number.MAX_SAFE_INTEGER : 2 ** 31 - 1);
  });

  // Some documents name no service.
  const named = all.filter(([, name, { type }]) => type.kind !== "flag" && name !== "services");

  it.each(named)("%s is not empty", (_, name, row) => {
    const given = { [attributeOf({ flag: row.flag! })]: row.flag!.endsWith("...>") ? [""] : "" };
    expect(() => readTyped({ [name]: row }, given)).toThrow(`${flagOf({ flag: row.flag! })} ""`);
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
    expect(helpOf({ type: { kind: "count", min: 8, max: 90, orZero: true }, help: "days" })).toBe(
      "days (8 to 90, or 0)",
    );
  });
});

it("migrate's bounds are those that migrations ask for", () => {
  const days = (text: string) => readTyped(commandRows.migrate, { factTtlDays: text }).factTtlDays;
  expect(["0", "8", "36500"].map(days)).toEqual([0, 8, 36_500]);
  for (const text of ["1", "7", "36501"])
    expect(() => days(text)).toThrow(`--fact-ttl-days ${text}: must be a whole number from 8 to 36500, or 0`);
  expect(() => readTyped(commandRows.migrate, { cluster: "" })).toThrow('--cluster "": a cluster\'s name has');
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
