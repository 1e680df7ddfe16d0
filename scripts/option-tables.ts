import { type CommandName, commandRows } from "../src/config/options/command-rows.ts";
import { boundsOf, wordsOf } from "../src/config/options/describe.ts";
import { environmentRows } from "../src/config/options/environment-rows.ts";
import { type OptionRow, type OptionRows, type OptionType, variableText } from "../src/config/options/option-row.ts";
import { bootstrapRows, simulatorRows } from "../src/config/options/simulate-rows.ts";
import { code, type DocTable, plain } from "./doc-table.ts";

const header = ["Means", "Takes", "Default"];

/** A table for each command, one of the environment's variables, one of those of the simulator. */
export const optionTables: readonly DocTable[] = [
  ...Object.entries<OptionRows>(commandRows).map(([name, rows]) => commandTable(name as CommandName, rows)),
  {
    name: "variables",
    file: "docs/configuration.md",
    header: ["Variable", ...header],
    rows: Object.values<OptionRow>(environmentRows).map((row) => [code(variableText(row)), ...cellsOf(row)]),
  },
  {
    name: "variables of the simulator",
    file: "docs/configuration.md",
    header: ["Variable", ...header],
    rows: Object.values<OptionRow>({ ...bootstrapRows, ...simulatorRows })
      .filter(({ env }) => env !== undefined)
      .map((row) => [[row.env!].flat().map(code).join(", "), ...cellsOf(row)]),
  },
];

function commandTable(command: CommandName, rows: OptionRows): DocTable {
  const shown = Object.values(rows).filter(({ flag, hidden }) => flag !== undefined && hidden !== true);
  return {
    name: `options of ${command}`,
    file: "docs/options.md",
    header: ["Option", ...header],
    rows: shown.map((row) => [code(row.flag!), ...cellsOf(row)]),
  };
}

function cellsOf(row: OptionRow): string[] {
  const { help, details, why, type } = row;
  const sentences = [details === undefined ? "" : `. ${details}`, why === undefined ? "" : ` (${why})`];
  const fallback = row.otherwise === undefined ? code(row.default ?? "") : plain(row.otherwise);
  return [plain(help) + sentences.join(""), takes(type), row.required === true ? "none: it must be given" : fallback];
}

function takes(type: OptionType): string {
  const words = wordsOf(type);
  if (words.length > 0) return words.map(code).join(", ");
  return boundsOf(type);
}
