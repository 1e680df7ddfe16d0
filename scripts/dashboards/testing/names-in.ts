/** Columns of ClickHouse's own tables that panels may name: those that the embedded engine's server has, too. */
export const systemColumns: Readonly<Record<string, readonly string[]>> = {
  query_log: ["event_date", "event_time", "type", "query_kind", "query_duration_ms", "tables", "user"],
  parts: ["modification_time", "table", "database", "level", "active", "rows", "bytes_on_disk"],
};

/** Metrics and recording rules that an expression names. */
export function metricsIn(promql: string): string[] {
  const bare = promql.replace(/"[^"]*"/g, '""');
  return [...new Set(bare.match(/\b(\w+:)?(millrace|process)_\w+(:\w+)?/g) ?? [])];
}

/** Labels that it selects by, groups by and joins by. */
export function labelsIn(promql: string): string[] {
  const groups = [...promql.matchAll(/\b(?:by|on|group_left|without|ignoring) \(([^)]*)\)/g)];
  const selectors = [...promql.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label!);
  const grouped = groups.flatMap(([, list]) => list!.split(",").map((label) => label.trim()));
  return [...new Set([...grouped.slice(0, 1), ...selectors, ...grouped.slice(1)])].filter((label) => label !== "");
}

/** Tables and views, with their databases. */
export function tablesIn(sql: string): string[] {
  return [...new Set([...sql.matchAll(/\b((?:analytics|system)\.\w+)\b(?!\s*')/g)].map(([, table]) => table!))];
}

/** What is left of a query without texts, keywords, functions, tables, macros, variables and the names that it gives itself. */
export function namesIn(sql: string): string[] {
  const bare = sql
    .replace(/'[^']*'/g, " ")
    .replace(/\$\{[^}]*\}|\$__conditionalAll|\$\w+/g, " ")
    .replace(/\b(analytics|system)\.\w+(\([^)]*\))?/g, " ");
  // An alias, or the argument of a lambda.
  const given = new Set(
    [...bare.matchAll(/\bAS "?(\w+)|\b(\w+) ->/g)].map(([, alias, argument]) => (alias ?? argument)!),
  );
  const words = [...bare.replace(/"[^"]*"/g, " ").matchAll(/\b[a-z]\w*\b(?!\s*\()/g)].map(([name]) => name);
  return [...new Set(words.filter((name) => !given.has(name)))];
}
