import type { Command } from "commander";
import { expect, it } from "vitest";
import { readEnvironment } from "../config/environment.ts";
import { commandRows } from "../config/options/command-rows.ts";
import type { OptionRows } from "../config/options/option-row.ts";
import { createProgram } from "./program.ts";

/** Commands that run something, by what is typed. */
function leavesOf(command: Command, typed: string[] = []): [string, Command][] {
  if (command.commands.length === 0) return [[typed.join(" "), command]];
  return command.commands.flatMap((child) => leavesOf(child, [...typed, child.name()]));
}

it("every command takes the options of its rows, and no others", async () => {
  const taken = leavesOf(await createProgram(readEnvironment({}))).map(([name, command]) => [
    name,
    command.options.map(({ flags }) => flags).sort(),
  ]);
  const declared = Object.entries<OptionRows>(commandRows).map(([name, rows]) => [
    name,
    Object.values(rows)
      .flatMap(({ flag = [] }) => flag)
      .sort(),
  ]);
  expect(Object.fromEntries(taken)).toEqual(Object.fromEntries(declared));
});
