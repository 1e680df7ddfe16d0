import type { Rule } from "./plan.ts";
import { timeFormats } from "./time-formats.ts";

/** What each rule does, in a line; "blank" is absent, null or an empty text. For help and docs/pipelines.md. */
export const ruleMeanings: Record<Rule["rule"], string> = {
  require: "field, errorType: a document whose field is blank goes to the dead letters under that error type",
  default: "field, from, value, whenAnyOf: fills a blank field from the first of `from` that is not, else with `value`",
  resultFromStatus: "field, status: fills a blank field with fail for a status of 400 and more, else success",
  statusFromResult:
    "field, result, flag: fills a blank field with 500, 200 or 0 by the result; flag says whether it did",
  recordId: "field: fills a blank field with topic-partition-offset",
};

/** The part of `millrace start --help` about pipeline files. */
export function pipelineFileHelp(): string {
  const formats = Object.entries(timeFormats).map(([name, { reads, example }]) => line(name, `${example}  (${reads})`));
  const rules = Object.entries(ruleMeanings).map(([name, meaning]) => line(name, meaning));
  return [
    "Pipeline files (docs/pipelines.md):",
    "  Time formats (time: of a column):",
    ...formats,
    "  Rules (rules:):",
    ...rules,
  ].join("\n");
}

function line(name: string, text: string): string {
  return `    ${name.padEnd(17)}  ${text}`;
}
