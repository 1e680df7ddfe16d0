import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { readEnvironment } from "../config/environment.ts";
import { wrapHelp } from "./help-text.ts";
import { createProgram } from "./program.ts";

const commands = withSubcommands(await createProgram(readEnvironment({})));

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function helpOf(command: Command): string {
  let help = "";
  command.configureOutput({
    getOutHelpWidth: () => 80,
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  return help;
}

describe("--help", () => {
  it.each(commands.map((command) => [command.name(), command] as const))("of %s fits into 80 columns", (_, command) => {
    const help = helpOf(command);
    expect(help).toContain("--help");
    expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(help).not.toContain(process.cwd());
  });
});

describe("wrapHelp()", () => {
  it("breaks paragraphs between words, and goes on with a meaning in its own column", () => {
    expect(wrapHelp("one two three", 8)).toBe("one two\nthree");
    expect(wrapHelp("Names:\n  a  one two three\n\nend", 12)).toBe("Names:\n  a  one two\n     three\n\nend");
  });

  it("leaves a word whole that no line can hold", () => {
    expect(wrapHelp("a https://example.org/x", 10)).toBe("a\nhttps://example.org/x");
  });
});
