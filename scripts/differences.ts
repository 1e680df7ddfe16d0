import { readFileSync, writeFileSync } from "node:fs";
import { intendedDifferences } from "../src/codec/reference/columns/intended-differences.ts";

/** Where README.md keeps the table; what lies between the two marks is made by this file. */
export const begin = "<!-- differences: made by scripts/differences.ts -->";
export const end = "<!-- /differences -->";
export const readmeFile: string = new URL("../README.md", import.meta.url).pathname;

/** The table of README.md: one line for each case where Millrace differs on purpose from JSONEachRow. */
function differencesTable(): string {
  const code = (text: string) => `\`${text.replaceAll("|", "\\|")}\``;
  const rows = intendedDifferences.map(
    ({ type, input, clickhouse, millrace, why }) =>
      `| ${code(type)} | ${code(input)} | ${code(clickhouse)} | ${code(millrace)} | ${why} |`,
  );
  return ["| Type | JSON | ClickHouse stores | Millrace | Why |", "| --- | --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}

/** The text with the table between the marks replaced. */
export function withTable(readme: string): string {
  const [before, rest] = readme.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`README.md lacks the marks ${begin} and ${end}`);
  return `${before}${begin}\n${differencesTable()}\n${end}${after}`;
}

if (import.meta.main) writeFileSync(readmeFile, withTable(readFileSync(readmeFile, "utf8")));
