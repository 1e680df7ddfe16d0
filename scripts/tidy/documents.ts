/** A word of a document that stands in a code span, a code block or a link, and could name something. */
export interface CodeText {
  text: string;
  line: number;
}

/** Code spans, lines of code blocks, and the targets of links. */
export function codeOf(markdown: string): CodeText[] {
  const found: CodeText[] = [];
  let isBlock = false;
  for (const [index, line] of markdown.split("\n").entries()) {
    if (line.trimStart().startsWith("```")) isBlock = !isBlock;
    else if (isBlock) found.push({ text: line, line: index + 1 });
    else for (const text of inLine(line)) found.push({ text, line: index + 1 });
  }
  return found;
}

function inLine(line: string): string[] {
  const spans = [...line.matchAll(/`([^`]+)`/g)].map(([, text]) => text!.replaceAll("\\|", "|"));
  const links = [...line.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!.replace(/#.*$/, ""));
  return [...spans, ...links.filter((target) => target !== "" && !target.includes("://"))];
}
