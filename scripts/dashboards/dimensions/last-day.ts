/** All panels of the dimensions are tables for the same purpose. */
export const table = { view: "table", unit: "none", term: "dimension", seeds: ["S0-79"] } as const;

/** Facts that arrived in the last day before the end of the range. */
export const lastDay = "ingest_ts > $__toTime - INTERVAL 24 HOUR AND ingest_ts <= $__toTime";

/** Values of the facts of the last day that a dimension does not have, the most frequent first. */
export function unknownTo(dimension: string, key: string, limit = 100): string {
  return `SELECT ${key}, count() AS events, min(ingest_ts) AS first, max(ingest_ts) AS last
FROM analytics.fact_event
WHERE ${lastDay} AND ${key} NOT IN (SELECT ${key} FROM analytics.${dimension})
GROUP BY ${key}
ORDER BY events DESC
LIMIT ${limit}`;
}

/** Rows of several tables under one another, with the table's name before each. */
export function ofEach(tables: readonly string[], columns: string): string {
  return tables
    .map((name) => `SELECT '${name}' AS dimension, ${columns} FROM analytics.${name}`)
    .join("\nUNION ALL ")
    .concat("\nORDER BY dimension");
}
