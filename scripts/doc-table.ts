/** A table in docs/ that is made of rows in the code. It stands between two marks with its name. */
export interface DocTable {
  name: string;
  file: string;
  header: readonly string[];
  rows: readonly (readonly string[])[];
}

/** A cell in the typeface of code; nothing for nothing. */
export function code(text: string): string {
  return text === "" ? "" : `\`${text.replaceAll("|", "\\|")}\``;
}

/** A cell of words, in which a page would take `<name>` for a tag. */
export function plain(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "\\<");
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
