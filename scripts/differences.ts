import { readFileSync, writeFileSync } from "node:fs";
import { intendedDifferences } from "../src/codec/reference/columns/intended-differences.ts";

/** Where docs/differences.md keeps the table; what lies between the two marks is made by this file. */
export const begin = "<!-- differences: made by scripts/differences.ts -->";
export const end = "<!-- /differences -->";
export const docsFile: string = new URL("../docs/differences.md", import.meta.url).pathname;

/** The table: one line for each case where Millrace differs on purpose from JSONEachRow. */
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
export function withTable(text: string): string {
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/differences.md lacks the marks ${begin} and ${end}`);
  return `${before}${begin}\n${differencesTable()}\n${end}${after}`;
}

if (import.meta.main) writeFileSync(docsFile, withTable(readFileSync(docsFile, "utf8")));
