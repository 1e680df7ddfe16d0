import { readFileSync, writeFileSync } from "node:fs";
import { intendedDifferences } from "../src/codec/reference/columns/testing/intended-differences.ts";
import { type CounterRow, counterRows } from "../src/telemetry/counter-rows.ts";

/** A table in docs/ that is made of rows in the code. It stands between two marks with its name. */
interface DocTable {
  name: string;
  file: string;
  header: readonly string[];
  rows: readonly (readonly string[])[];
}

const code = (text: string) => `\`${text.replaceAll("|", "\\|")}\``;

export const docTables: readonly DocTable[] = [
  {
    name: "differences",
    file: "docs/differences.md",
    header: ["Type", "JSON", "ClickHouse stores", "Millrace", "Why"],
    rows: intendedDifferences.map(({ type, input, clickhouse, millrace, why }) => [
      ...[type, input, clickhouse, millrace].map(code),
      why,
    ]),
  },
  {
    name: "counts",
    file: "docs/report.md",
    header: ["Name", "Counts", "Which"],
    rows: (counterRows as readonly CounterRow[])
      .filter(({ report }) => report !== "none")
      .map(({ name, report, unit, by, help }) => [
        code(report === "counts" ? `counts.${name}` : name),
        by === undefined ? unit : `${unit} by ${by}`,
        help,
      ]),
  },
];

/** The path of a page of docs/. */
export function pathOf({ file }: DocTable): string {
  return new URL(`../${file}`, import.meta.url).pathname;
}

/** The page's text with the table between its marks made anew. @throws Error when the page lacks the marks. */
export function withTable(text: string, { name, file, header, rows }: DocTable): string {
  const begin = `<!-- ${name}: made by scripts/doc-tables.ts -->`;
  const end = `<!-- /${name} -->`;
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} lacks the marks ${begin} and ${end}`);
  const lines = [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `${before}${begin}\n${lines.join("\n")}\n${end}${after}`;
}

if (import.meta.main) {
  for (const table of docTables) {
    const path = pathOf(table);
    writeFileSync(path, withTable(readFileSync(path, "utf8"), table));
  }
}
