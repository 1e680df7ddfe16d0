/** What a panel is asked with: the range above the dashboard, the width of a bucket, and what is chosen. */
export interface Surroundings {
  fromMs: number;
  toMs: number;
  intervalS: number;
  /** Values by variable; `all` where everything is chosen. */
  chosen: Readonly<Record<string, readonly string[] | "all">>;
}

/**
 * The SQL that Grafana's ClickHouse plugin sends for a panel's: first what its page does ($__conditionalAll, variables), then
 * what its backend does (macros). The same text for the same input, so that what runs here is what runs there.
 *
 * @throws Error for a macro or a variable that is not known: Grafana would send it as it stands.
 */
export function expandSql(sql: string, surroundings: Surroundings): string {
  const expanded = expandMacros(expandVariables(expandConditions(sql, surroundings), surroundings), surroundings);
  const left = /\$\w+|\$\{[^}]*\}/.exec(expanded);
  if (left !== null) throw new Error(`${left[0]} is no macro and no variable of the dashboard`);
  return expanded;
}

function expandConditions(sql: string, { chosen }: Surroundings): string {
  let text = sql;
  for (;;) {
    const begin = text.lastIndexOf("$__conditionalAll(");
    if (begin === -1) return text;
    const { inside, end } = bracketed(text, begin + "$__conditionalAll".length);
    const comma = inside.lastIndexOf(",");
    const name = /\$\{?(\w+)/.exec(inside.slice(comma + 1))![1]!;
    const condition = valuesOf(chosen, name) === "all" ? "1=1" : inside.slice(0, comma);
    text = text.slice(0, begin) + condition + text.slice(end);
  }
}

/** What stands between the bracket at `open` and the one that closes it. */
function bracketed(text: string, open: number): { inside: string; end: number } {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return { inside: text.slice(open + 1, at), end: at + 1 };
  }
  throw new Error(`a bracket does not end: ${text.slice(open, open + 40)}`);
}

function expandVariables(sql: string, { chosen }: Surroundings): string {
  return sql.replace(/\$\{(\w+)(?::(\w+))?\}/g, (_, name: string, format: string | undefined) => {
    const values = valuesOf(chosen, name);
    if (values === "all") throw new Error(`${name} stands outside of $__conditionalAll, and all is chosen`);
    if (format === undefined) return values.join(",");
    if (format === "sqlstring") return values.map((value) => `'${value.replaceAll("'", "''")}'`).join(",");
    throw new Error(`no such format of a variable: ${format}`);
  });
}

function valuesOf(chosen: Surroundings["chosen"], name: string): readonly string[] | "all" {
  const values = chosen[name];
  if (values === undefined) throw new Error(`the dashboard has no variable ${name}`);
  return values;
}

function expandMacros(sql: string, { fromMs, toMs, intervalS }: Surroundings): string {
  const seconds = (ms: number) => `toDateTime(${Math.floor(ms / 1000)})`;
  const millis = (ms: number) => `fromUnixTimestamp64Milli(${ms})`;
  const macros: Readonly<Record<string, (column: string) => string>> = {
    timeFilter: (column) => `${column} >= ${seconds(fromMs)} AND ${column} <= ${seconds(toMs)}`,
    timeInterval: (column) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${intervalS} second)`,
    fromTime: () => seconds(fromMs),
    toTime: () => seconds(toMs),
    fromTime_ms: () => millis(fromMs),
    toTime_ms: () => millis(toMs),
    interval_s: () => String(intervalS),
  };
  return sql.replace(/\$__(\w+)\b(?:\(([^()]*)\))?/g, (text, name: string, column: string | undefined) => {
    const takesColumn = name === "timeFilter" || name === "timeInterval";
    if (macros[name] === undefined) throw new Error(`no such macro: $__${name}`);
    if (takesColumn !== (column !== undefined)) throw new Error(`${text}: a column in brackets, or none`);
    return macros[name](column ?? "");
  });
}
