import type { Command } from "commander";

/** That of the options' list: commander's own where output is no terminal. */
const WIDTH_WITHOUT_TERMINAL = 80;

/** Text after the list of options, as wide as that list: a line of `text` is a paragraph, or a name and its meaning. */
export function addHelpAfter(command: Command, text: () => string): Command {
  return command.addHelpText("after", ({ error }) => {
    const { columns = WIDTH_WITHOUT_TERMINAL } = error ? process.stderr : process.stdout;
    return `\n${wrapHelp(text(), columns)}`;
  });
}

/** Breaks lines between words. What belongs to a name goes on in the column after it. */
export function wrapHelp(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => wrapLine(line, width))
    .join("\n");
}

function wrapLine(line: string, width: number): string[] {
  const indent = /^ *(?:\S+ {2,})?/.exec(line)![0].length;
  const lines: string[] = [];
  let current = line.slice(0, indent);
  for (const word of line.slice(indent).split(" ")) {
    const isFirst = current.length === indent;
    if (!isFirst && current.length + 1 + word.length > width) {
      lines.push(current);
      current = " ".repeat(indent) + word;
    } else current += isFirst ? word : ` ${word}`;
  }
  return [...lines, current];
}
