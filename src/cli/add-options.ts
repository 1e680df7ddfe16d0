import { type Command, Option } from "commander";
import { helpOf } from "../config/options/describe.ts";
import type { OptionRows } from "../config/options/option-row.ts";

/**
 * Adds the options that the rows are. Commander gets no defaults: what was not typed stays undefined, and `readOptions`
 * puts them in.
 */
export function addOptions(command: Command, rows: OptionRows): Command {
  for (const row of Object.values(rows)) {
    if (row.flag === undefined) continue;
    const option = new Option(row.flag, helpOf(row)).hideHelp(row.hidden === true);
    command.addOption(option.makeOptionMandatory(row.required === true));
  }
  return command;
}
