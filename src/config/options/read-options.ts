import { statSync } from "node:fs";
import { MillraceError } from "../../core/errors.ts";
import { explainFileError } from "../../core/file-error.ts";
import {
  attributeOf,
  flagOf,
  type GivenValues,
  type OptionRow,
  type OptionRows,
  type OptionValues,
  type TypedOptions,
  variablesOf,
} from "./option-row.ts";
import { readValue } from "./read-value.ts";

type Typed = boolean | string | readonly string[] | undefined;

/**
 * What was typed, with the defaults of the rest.
 *
 * @throws MillraceError E_CONFIG naming the option, its value and what is allowed.
 */
export function readOptions<Rows extends OptionRows>(rows: Rows, typed: TypedOptions<Rows>): OptionValues<Rows> {
  return { ...defaultsOf(rows), ...readTyped(rows, typed) };
}

/** The values of all rows when nothing is given. */
export function defaultsOf<Rows extends OptionRows>(rows: Rows): OptionValues<Rows> {
  const defaults = Object.entries<OptionRow>(rows).map(([name, row]) => [name, defaultOf(row)]);
  return Object.fromEntries(defaults) as OptionValues<Rows>;
}

function defaultOf({ type, flag, default: text }: OptionRow): unknown {
  if (text !== undefined) return readValue(type, text, `the default ${text}:`);
  return type.kind === "flag" ? flag?.startsWith("--no-") === true : undefined;
}

/** What was typed, by the rows. @throws MillraceError E_CONFIG naming the option, its value and what is allowed. */
export function readTyped<Rows extends OptionRows>(rows: Rows, typed: TypedOptions<Rows>): GivenValues<Rows> {
  const given: Record<string, unknown> = {};
  for (const [name, row] of Object.entries<OptionRow>(rows)) {
    if (row.flag === undefined) continue;
    const text = (typed as Record<string, Typed>)[attributeOf({ flag: row.flag })];
    if (text !== undefined) given[name] = readTypedValue(row.type, text, flagOf({ flag: row.flag }));
  }
  return given as GivenValues<Rows>;
}

function readTypedValue(type: OptionRow["type"], typed: NonNullable<Typed>, flag: string): unknown {
  if (typeof typed === "boolean") return typed;
  const read = (text: string, of: OptionRow["type"]) =>
    readValue(of, text, `${flag} ${text.trim() === "" ? JSON.stringify(text) : text}:`);
  if (type.kind === "folder") return requireFolder(flag, typed as string);
  if (type.kind !== "list") return read(typed as string, type);
  const parts = typeof typed === "string" ? typed.split(",") : typed;
  return parts.map((part) => read(part.trim(), type.of));
}

/** @throws MillraceError E_CONFIG when it is not there, or no folder. */
function requireFolder(flag: string, folder: string): string {
  const refuse = (why: string, cause?: unknown) =>
    new MillraceError("E_CONFIG", `${flag} ${folder === "" ? '""' : folder}: cannot be read: ${why}`, { cause });
  try {
    if (!statSync(folder).isDirectory()) throw refuse("it is a file; name its folder");
    return folder;
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw refuse(explainFileError(error), error);
  }
}

/**
 * What the environment's variables give, by the rows.
 *
 * @param where begins the sentence that refuses a value
 * @throws MillraceError E_CONFIG that names the variable and its value
 */
export function readVariables<Rows extends OptionRows>(
  rows: Rows,
  env: Record<string, string | undefined>,
  where = (name: string, text: string) => `${name}: "${text}"`,
): GivenValues<Rows> {
  const given: Record<string, unknown> = {};
  for (const [key, row] of Object.entries<OptionRow>(rows)) {
    for (const name of variablesOf(row)) {
      const text = env[name];
      if (text !== undefined) given[key] = readVariable(row, text, where(name, text));
    }
  }
  return given as GivenValues<Rows>;
}

/** Words are taken in capitals and without. */
function readVariable({ type, variableUnit }: OptionRow, text: string, where: string): unknown {
  if (variableUnit !== undefined) return readValue({ kind: "number" }, text, where) * variableUnit;
  if (type.kind === "flag") return readValue(type, text.toLowerCase(), where);
  if (type.kind !== "choice") return readValue(type, text, where);
  return readValue(type, type.choices.find((word) => word.toLowerCase() === text.toLowerCase()) ?? text, where);
}
