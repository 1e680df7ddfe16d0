import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { pipelineFileHelp, ruleMeanings } from "./pipeline-help.ts";
import { columnSchema, latenessSchema, pipelineSchema, ruleSchemas } from "./pipeline-schema.ts";
import { timeFormats } from "./time-formats.ts";

const docs = readFileSync(new URL("../../docs/pipelines.md", import.meta.url), "utf8");

it("docs/pipelines.md has every option of a file, a column and the rules", () => {
  const rules = Object.values(ruleSchemas).flatMap(({ shape }) => Object.keys(shape).filter((key) => key !== "rule"));
  const shapes = [pipelineSchema.shape, columnSchema.shape, ruleSchemas];
  for (const name of [...shapes.flatMap(Object.keys)])
    expect(docs, name).toMatch(new RegExp(`^\\| \`${name}\` \\|`, "m"));
  for (const name of rules) expect(docs, name).toContain(`\`${name}\``);
  expect(docs).toContain(`{ ${Object.keys(latenessSchema.shape).join(", ")} }`);
  for (const field of columnSchema.shape.record.unwrap().options) expect(docs).toContain(`\`${field}\``);
});

it("docs/pipelines.md has the time formats as the program reads them", () => {
  const rows = Object.entries(timeFormats).map(
    ([name, { reads, example }]) => `| \`${name}\` | ${reads} | \`${example}\` |`,
  );
  const table = ["| Format | Reads | Example |", "| --- | --- | --- |", ...rows].join("\n");
  expect(docs).toContain(`time-formats.ts -->\n${table}\n<!-- /time formats -->`);
});

it("the help of millrace start has every time format and rule", () => {
  const help = pipelineFileHelp();
  for (const name of [...Object.keys(timeFormats), ...Object.keys(ruleMeanings)]) {
    expect(help).toMatch(new RegExp(`^ {4}${name} `, "m"));
  }
});
