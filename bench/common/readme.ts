import { readFile, writeFile } from "node:fs/promises";
import { MillraceError } from "../../src/core/errors.ts";

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`: the part of a text that a bench writes itself. */
function replaceSection(text: string, name: string, body: string): string {
  const open = `<!-- ${name} -->`;
  const close = `<!-- /${name} -->`;
  const from = text.indexOf(open);
  const to = text.indexOf(close);
  if (from < 0 || to < from) {
    throw new MillraceError("E_CONFIG", `Cannot write the section ${name}: the file has no ${open} … ${close}`);
  }
  return `${text.slice(0, from + open.length)}\n\n${body.trim()}\n\n${text.slice(to)}`;
}

export async function writeSection(file: string, name: string, body: string): Promise<void> {
  await writeFile(file, replaceSection(await readFile(file, "utf8"), name, body));
}

export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}
