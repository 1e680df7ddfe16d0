/**
 * Options as rows: each stands once, with its type, default, bounds and their reason. Parsing and its errors, `--help` and
 * the tables of docs/ are made of the rows; a row is data, its type says how a text becomes a value.
 */
export interface OptionRow {
  /** As typed, with the name of its argument: `--fence <time>`, `--topic <name...>`, `--no-simulator`. */
  flag?: string;
  /** Variables of the environment that set it; the last that is set wins. */
  env?: string | readonly string[];
  /** The variable is a bare number of so many ms, or bytes. */
  variableUnit?: number;
  type: OptionType;
  /** As it would be typed. */
  default?: string;
  /** What is taken when nothing is given, in words: "the profile's". */
  otherwise?: string;
  /** The command refuses to run without it. */
  required?: true;
  /** For parent processes: `--help` and docs/ do not show it. */
  hidden?: true;
  help: string;
  /** What docs/ say besides, in sentences. */
  details?: string;
  /** Why its bounds, or its default, are what they are. */
  why?: string;
}

export type OptionType =
  | { kind: "flag" }
  /** Any text that is not empty, or one of a pattern. `must` is the rest of the sentence that refuses another. */
  | { kind: "text"; pattern?: RegExp; must?: string }
  /** A whole number. */
  | ({ kind: "count" } & Bounds)
  | ({ kind: "number" } & Bounds)
  /** "20s"; the value and the bounds are in ms. */
  | ({ kind: "duration" } & Bounds)
  /** `also`: other words for some of them. */
  | { kind: "choice"; choices: readonly string[]; also?: Readonly<Record<string, string>> }
  /** The path of a file whose content is meant. */
  | { kind: "file" }
  /** The path of a folder. One that is typed must be there; that of the default need not. */
  | { kind: "folder" }
  /** From the variable, or from the file that the variable with `_FILE` after its name is of. Never on a command line. */
  | { kind: "secret" }
  /** Given several times, or as one text with commas. */
  | { kind: "list"; of: Exclude<OptionType, { kind: "list" | "flag" }> };

export interface Bounds {
  min?: number;
  max?: number;
  /** 0 is taken besides: it stands for no bound at all. */
  orZero?: true;
}

/** Rows by the names of their values, as the code has them. */
export type OptionRows = Readonly<Record<string, OptionRow>>;

export type ValueOf<Type> = Type extends { kind: "flag" }
  ? boolean
  : Type extends { kind: "text" | "file" | "folder" | "secret" }
    ? string
    : Type extends { kind: "choice"; choices: readonly (infer Choice)[] }
      ? Choice
      : Type extends { kind: "list"; of: infer Of }
        ? ValueOf<Of>[]
        : number;

type IsThere = { default: string } | { required: true } | { type: { kind: "flag" } };

/** What is read of rows. Undefined: not given, and without a default. */
export type OptionValues<Rows> = {
  [Name in keyof Rows]: Rows[Name] extends { type: infer Type }
    ? Rows[Name] extends IsThere
      ? ValueOf<Type>
      : ValueOf<Type> | undefined
    : never;
};

type CamelCase<Text> = Text extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Text;
type LongName<Flag> = Flag extends `--no-${infer Name}`
  ? Name
  : Flag extends `--${infer Name} ${string}`
    ? Name
    : Flag extends `--${infer Name}`
      ? Name
      : never;
type TextOf<Row> = Row extends { type: { kind: "flag" } }
  ? boolean
  : Row extends { flag: `${string}...>` }
    ? string[]
    : string;

/** What was given; the rest is absent. */
export type GivenValues<Rows> = { [Name in keyof OptionValues<Rows>]?: NonNullable<OptionValues<Rows>[Name]> };

/** What was typed, under the names that commander makes of the flags. */
export type TypedOptions<Rows> = {
  [Name in keyof Rows as Rows[Name] extends { flag: infer Flag } ? CamelCase<LongName<Flag>> : never]?:
    | TextOf<Rows[Name]>
    | undefined;
};

/** `--fence` of `--fence <time>`. */
export function flagOf({ flag }: { flag: string }): string {
  return flag.split(" ")[0]!;
}

/** The name that commander makes of a flag: `sessionTimeout` of `--session-timeout <time>`, `record` of `--no-record`. */
export function attributeOf(row: { flag: string }): string {
  return flagOf(row)
    .replace(/^--(?:no-)?/, "")
    .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** The names of the variables that set it, but for those of a secret's file. */
export function variablesOf({ env = [] }: OptionRow): string[] {
  return [env].flat();
}

/** `KAFKA_SASL_PASSWORD(_FILE)`: a variable as people are told of it. */
export function variableText(row: OptionRow): string {
  return variablesOf(row).join(", ") + (row.type.kind === "secret" ? "(_FILE)" : "");
}
