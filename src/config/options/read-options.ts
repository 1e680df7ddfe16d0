import {
  attributeOf,
  flagOf,
  type OptionRow,
  type OptionRows,
  type OptionValues,
  type TypedOptions,
} from "./option-row.ts";
import { readValue } from "./read-value.ts";

type Typed = boolean | string | readonly string[] | undefined;

/**
 * Reads what was typed by the rows, and puts the defaults in.
 *
 * @throws MillraceError E_CONFIG naming the option, its value and what is allowed.
 */
export function readOptions<Rows extends OptionRows>(rows: Rows, typed: TypedOptions<Rows>): OptionValues<Rows> {
  const texts = typed as Record<string, Typed>;
  return Object.fromEntries(
    Object.entries(rows)
      .filter(([, row]) => row.flag !== undefined)
      .map(([name, row]) => [name, readOption(row as OptionRow & { flag: string }, texts)]),
  ) as OptionValues<Rows>;
}

function readOption(row: OptionRow & { flag: string }, typed: Record<string, Typed>): unknown {
  const flag = flagOf(row);
  const given = typed[attributeOf(row)] ?? row.default;
  const read = (text: string, type = row.type) => readValue(type, text, `${flag} ${text}:`);
  if (row.type.kind === "flag") return given ?? flag.startsWith("--no-");
  if (row.type.kind === "list" && Array.isArray(given)) {
    const { of } = row.type;
    return given.map((text: string) => read(text, of));
  }
  return given === undefined ? undefined : read(given as string);
}
