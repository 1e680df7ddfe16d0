import { type SqlToken, sqlTokens } from "../../clients/clickhouse/table-definition.ts";
import type { TablePlan } from "../../schema/plan.ts";
import type { TableFacts, ViewFacts } from "./facts.ts";

/**
 * Functions whose value is not made of the row: the clock, chance, the server, things that change meanwhile. The server
 * has a list of its own (system.functions.deterministic), but only newer ones, and it counts what is constant here.
 */
const changing =
  /^(now\w*|today|yesterday|utc_?timestamp|cur_?date|current_?(date|timestamp)|localtime(stamp)?|rand\w*|canonicalrand|generate(uuid|ulid|snowflakeid|serialid)\w*|fuzz\w+|hostname|fqdn|uptime|connectionid|(initial)?queryid|dictget\w*|joinget\w*|blocknumber|rownumberin\w*|transactionid)$/i;

/** Calls among the tokens that do not give the same value again. */
export function changingCalls(tokens: readonly SqlToken[]): string[] {
  const names = tokens.filter(
    ({ kind, text }, at) => kind === "name" && tokens[at + 1]?.text === "(" && changing.test(text),
  );
  return [...new Set(names.map(({ text }) => text))];
}

/** Why a column, or an expression, can differ between an insert and its repeat; undefined: it cannot. */
export type Instability = string | undefined;

/**
 * Finds columns whose value can differ when the same records are inserted again under the same token: of the record
 * fields, those that are readings of a clock, and defaults that ClickHouse computes anew. It matters where the value
 * chooses the partition, because ClickHouse remembers a token by partition.
 */
export class UnstableColumns {
  readonly #plans: readonly TablePlan[];
  readonly #tables: Map<string, TableFacts>;
  readonly #known = new Map<string, Map<string, string>>();

  constructor(plans: readonly TablePlan[], tables: readonly TableFacts[]) {
    this.#plans = plans;
    this.#tables = new Map(tables.map((table) => [table.name, table]));
  }

  /** Column name → reason, of a table or of a view that others read. */
  of(name: string): Map<string, string> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const unstable = new Map<string, string>();
    // Set before the recursion: views can form a circle.
    this.#known.set(name, unstable);
    const table = this.#tables.get(name);
    if (table === undefined) return unstable;
    this.#addWritten(table, unstable);
    for (const view of table.views) this.#addSelected(table, view, unstable);
    return unstable;
  }

  /** Why `expression` over the columns of a table is unstable. */
  inExpression(expression: string, tableName: string): Instability {
    return reasonOf(sqlTokens(expression), this.of(tableName), new Map(), new Set());
  }

  #addWritten(table: TableFacts, unstable: Map<string, string>): void {
    for (const plan of this.#plans) {
      const targets = [plan, plan.deadLetters].filter((target) => target.table === table.name);
      for (const { columns } of targets) {
        const planned = new Map(columns.map((column) => [column.name, column]));
        for (const { name, source, missing } of columns) {
          if (source.kind === "record") addClock(unstable, name, source.field);
          if (missing.kind === "record") addClock(unstable, name, missing.field);
        }
        addDefaults(table, unstable, (name) => {
          const missing = planned.get(name)?.missing;
          return missing === undefined || missing.kind === "tableDefault";
        });
      }
    }
  }

  #addSelected(table: TableFacts, view: ViewFacts, unstable: Map<string, string>): void {
    const source = this.of(view.source);
    const { expressions, passesAll } = outputsOf(sqlTokens(view.select));
    for (const { name } of table.columns) {
      const own = expressions.get(name) ?? [];
      const reason =
        own.length === 0 && passesAll
          ? source.get(name)
          : own.map((tokens) => reasonOf(tokens, source, expressions, new Set([name]))).find((text) => text);
      if (reason !== undefined) unstable.set(name, reason);
    }
    addDefaults(table, unstable, (name) => !expressions.has(name) && !passesAll);
  }
}

function addClock(unstable: Map<string, string>, column: string, field: string): void {
  if (field === "processed" || field === "received") unstable.set(column, `${column} is the time it was ${field}`);
}

function addDefaults(table: TableFacts, unstable: Map<string, string>, isComputed: (name: string) => boolean): void {
  for (const { name, defaultExpression } of table.columns) {
    if (defaultExpression === "" || !isComputed(name)) continue;
    const reason = reasonOf(sqlTokens(defaultExpression), unstable, new Map(), new Set([name]));
    if (reason !== undefined) unstable.set(name, `${name} is computed by ClickHouse: ${reason}`);
  }
}

function reasonOf(
  tokens: readonly SqlToken[],
  unstable: ReadonlyMap<string, string>,
  aliases: ReadonlyMap<string, SqlToken[][]>,
  visited: ReadonlySet<string>,
): Instability {
  const [call] = changingCalls(tokens);
  if (call !== undefined) return `${call}() gives another value next time`;
  for (const [at, { kind, text }] of tokens.entries()) {
    if (kind !== "name" || tokens[at + 1]?.text === "(") continue;
    // An alias may be called like the column that it is made of: the second time it is the column.
    if (aliases.has(text) && !visited.has(text)) {
      const deeper = new Set([...visited, text]);
      const reason = aliases
        .get(text)!
        .map((inner) => reasonOf(inner, unstable, aliases, deeper))
        .find((found) => found);
      if (reason !== undefined) return reason;
    } else if (unstable.has(text)) return unstable.get(text);
  }
  return undefined;
}

const clauseStart = /^(SELECT|WITH|DISTINCT|FROM|WHERE|PREWHERE|BY|ON|HAVING|AND|OR)$/i;

/**
 * All `expression AS name` of a SELECT, subqueries included, and the plain columns of its list. `passesAll`: there is a
 * `*`, so columns keep their names.
 */
function outputsOf(tokens: readonly SqlToken[]): { expressions: Map<string, SqlToken[][]>; passesAll: boolean } {
  const expressions = new Map<string, SqlToken[][]>();
  const add = (name: string, inner: SqlToken[]) => expressions.set(name, [...(expressions.get(name) ?? []), inner]);
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "name" || !/^AS$/i.test(token.text)) continue;
    const next = tokens[at + 1];
    // `WITH name AS (SELECT …)`: what it holds is behind it.
    if (next?.text === "(") add(tokens[at - 1]?.text ?? "", innerOf(tokens, at + 1));
    else if (next?.kind === "name") add(next.text, expressionBefore(tokens, at));
  }
  let item: SqlToken[] = [];
  let inList = false;
  let passesAll = false;
  const endItem = () => {
    const last = item.at(-1);
    if (item.length === 1 && last?.text === "*") passesAll = true;
    const isPlain = item.every(({ kind, text }) => kind === "name" || text === ".");
    if (last?.kind === "name" && isPlain && !item.some(({ text }) => /^AS$/i.test(text))) add(last.text, [last]);
    item = [];
  };
  for (const token of tokens) {
    const isKeyword = token.kind === "name" && token.depth === 0;
    if (isKeyword && /^SELECT$/i.test(token.text)) inList = true;
    else if (isKeyword && /^FROM$/i.test(token.text)) {
      endItem();
      inList = false;
    } else if (inList && token.depth === 0 && token.text === ",") endItem();
    else if (inList && !(isKeyword && /^DISTINCT$/i.test(token.text))) item.push(token);
  }
  return { expressions, passesAll };
}

function expressionBefore(tokens: readonly SqlToken[], end: number): SqlToken[] {
  const { depth } = tokens[end]!;
  let start = end;
  while (start > 0) {
    const before = tokens[start - 1]!;
    const isBorder = before.text === "," || (before.kind === "name" && clauseStart.test(before.text));
    // The parenthesis that opens this depth belongs to the depth outside.
    if (before.depth < depth || (before.depth === depth && isBorder && !isLogical(before))) break;
    start -= 1;
  }
  return tokens.slice(start, end);
}

/** `a AND b AS c` is one expression. */
function isLogical({ kind, text }: SqlToken): boolean {
  return kind === "name" && /^(AND|OR)$/i.test(text);
}

function innerOf(tokens: readonly SqlToken[], open: number): SqlToken[] {
  const { depth } = tokens[open]!;
  const close = tokens.findIndex(({ text, depth: at }, index) => index > open && text === ")" && at === depth);
  return tokens.slice(open + 1, close);
}
