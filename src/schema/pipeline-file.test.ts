import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePipeline } from "./pipeline-file.ts";

const folder = new URL("../../ops/pipelines/", import.meta.url);

/** Five lines that stand for 59,049 members, were they expanded. */
const aliasBomb = ["a", "b", "c", "d", "e"]
  .map((name, index, names) => {
    const member = index === 0 ? "x" : `*${names[index - 1]}`;
    return `${name}: &${name} [${Array(9).fill(member).join(", ")}]`;
  })
  .join("\n");

describe("parsePipeline()", () => {
  it.each(readdirSync(folder))("reads the example %s", (name) => {
    const pipeline = parsePipeline(readFileSync(new URL(name, folder), "utf8"), name);
    expect(`${pipeline.name}.yaml`).toBe(name);
  });

  it("fills in what a short file leaves out", () => {
    expect(parsePipeline("name: a\ntopics: [t]\ntable: d.x\ncolumns: { c: f, d: [g, h.i] }", "a.yaml")).toEqual({
      name: "a",
      topics: ["t"],
      codec: "auto",
      table: "d.x",
      coercion: "strict",
      columns: { c: { from: ["f"] }, d: { from: ["g", "h.i"] } },
      rules: [],
      lateness: undefined,
      eventTime: undefined,
      latencyGroup: undefined,
    });
  });

  it("reads every option", () => {
    const pipeline = parsePipeline(
      `name: a
topics: [t]
table: d.x
lateness: { column: ts, back: 7d, ahead: 90m }
columns:
  ts: { from: [a, b], time: epoch_us, placeholderIsNull: true, defaultRecord: timestamp, coercion: lenient }
  n: { default: null }
  o: { omit: true }
rules:
  - { rule: default, field: x, from: [y], value: 1, whenAnyOf: [z] }`,
      "a.yaml",
    );
    expect(pipeline.lateness).toEqual({ column: "ts", backMs: 604_800_000, aheadMs: 5_400_000 });
    expect(pipeline.columns.ts).toEqual({
      from: ["a", "b"],
      time: "epoch_us",
      placeholderIsNull: true,
      defaultRecord: "timestamp",
      coercion: "lenient",
    });
    expect(pipeline.columns.n).toEqual({ default: null });
    expect(pipeline.rules).toEqual([{ rule: "default", field: "x", from: ["y"], value: 1, whenAnyOf: ["z"] }]);
  });

  const head = "name: a\ntopics: [t]\ntable: d.x\n";
  it.each([
    [
      "a misspelt option",
      `${head}tabel: y`,
      ["ops/a.yaml:4:1: the file: tabel is not an option", "did you mean table?", "topics"],
    ],
    ["a missing option", "name: a\ntopics: [t]", ["ops/a.yaml:1:1: table: is missing"]],
    [
      "a time format",
      `${head}columns: { ts: { time: iso } }`,
      ["ops/a.yaml:4:24: columns.ts.time", '"iso"', "rfc3339", "clf"],
    ],
    [
      "a misspelt column option",
      `${head}columns: { ts: { form: x } }`,
      ["ops/a.yaml:4:18: columns.ts: form is", "did you mean from?"],
    ],
    ["a duration", `${head}lateness: { column: ts, back: 7 days, ahead: 1h }`, ["lateness.back", '"7 days"', "7d"]],
    [
      "a rule",
      `${head}rules: [{ rule: drop, field: x }]`,
      ["ops/a.yaml:4:17: rules.0.rule", '"drop"', "allowed: require, default"],
    ],
    ["a rule without its field", `${head}rules: [{ rule: recordId }]`, ["rules.0.field", "missing"]],
    ["a table name", "name: a\ntopics: [t]\ntable: a.b.c", ["ops/a.yaml:3:8: table", '"a.b.c"', "database.table"]],
    [
      "a table without its database",
      "name: a\ntopics: [t]\ntable: b",
      ["ops/a.yaml:3:8: table", '"b"', "database.table"],
    ],
    [
      "two sources",
      `${head}columns: { c: { from: x, record: key } }`,
      ["ops/a.yaml:4:15: columns.c", "from and record"],
    ],
    ["two substitutes", `${head}columns: { c: { default: 1, required: true } }`, ["default and required"]],
    ["broken YAML", "name: a\ntopics: [", ["ops/a.yaml:2:10: is not valid YAML"]],
    ["an option given twice", `${head}name: b`, ["ops/a.yaml:4:1: is not valid YAML", "unique"]],
    [
      "a misspelt option of a rule",
      `${head}rules:\n  - rule: recordId\n    field: x\n    form: y`,
      ["ops/a.yaml:7:5: rules.0: form"],
    ],
    ["aliases that grow", aliasBomb, ["not valid YAML", "alias count"]],
    ["no mapping", "just text", ["the file", "just text"]],
  ])("refuses %s and says where, what and what is allowed", (_, text, parts) => {
    let message = "";
    try {
      parsePipeline(text, "ops/a.yaml");
    } catch (error) {
      expect(error).toMatchObject({ code: "E_CONFIG" });
      message = (error as Error).message;
    }
    for (const part of ["ops/a.yaml", ...parts]) expect(message).toContain(part);
  });
});
