import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { metricRows } from "../../src/telemetry/metric-rows.ts";
import { migrationFiles } from "../../src/testing/sql-files.ts";
import { panelsOf } from "./dashboard-row.ts";
import { dashboards } from "./dashboards.ts";
import { isSql } from "./panel-row.ts";
import { labelsIn, metricsIn, namesIn, systemColumns, tablesIn } from "./testing/names-in.ts";

/** What dashboards name exists: a metric in the catalogue, a table and its columns in sql/. */

const queries = dashboards.flatMap((row) =>
  panelsOf(row).flatMap(({ title, queries: asked }) =>
    asked.map((query) => ({ title: `${row.name}: ${title}`, query })),
  ),
);
const variables = dashboards.flatMap((row) =>
  row.variables.flatMap((variable) => ("sql" in variable ? [{ title: variable.name, sql: variable.sql }] : [])),
);
const sqlTexts = [
  ...queries.flatMap(({ title, query }) => (isSql(query) ? [{ title, sql: query.sql }] : [])),
  ...variables,
];
const rules = parse(readFileSync(new URL("../../ops/prometheus/rules.yml", import.meta.url), "utf8")) as {
  groups: { rules: { record: string; expr: string }[] }[];
};
const recorded = rules.groups.flatMap((group) => group.rules);
const promTexts = [
  ...queries.flatMap(({ title, query }) => (isSql(query) ? [] : [{ title, promql: query.promql }])),
  ...recorded.map(({ record, expr }) => ({ title: record, promql: expr })),
];

/** The names under which a scrape has them, with the labels of each. */
const labelsOf = new Map(
  metricRows.flatMap(({ name, type, labels }) =>
    (type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]).map(
      (suffix) => [`${name}${suffix}`, labels] as const,
    ),
  ),
);

describe("PromQL", () => {
  it.each(promTexts)("$title names metrics and labels of the catalogue", ({ promql }) => {
    const names = metricsIn(promql);
    expect(names).not.toEqual([]);
    const known = names.filter((name) => labelsOf.has(name));
    const rulesNamed = names.filter((name) => recorded.some(({ record }) => record === name));
    expect([...known, ...rulesNamed].sort()).toEqual([...names].sort());
    const labels = new Set(["instance", "le", ...known.flatMap((name) => labelsOf.get(name)!)]);
    if (rulesNamed.length === 0) expect(labelsIn(promql).filter((label) => !labels.has(label))).toEqual([]);
  });

  it("would notice a metric and a label that do not exist", () => {
    expect(metricsIn("sum(rate(millrace_stord_rows_total[1m]))")).toEqual(["millrace_stord_rows_total"]);
    expect(labelsIn('sum by (topics) (x{instanze=~"a"}) * on (a, b) group_left (c) y')).toEqual([
      ...["topics", "instanze", "a", "b", "c"],
    ]);
  });
});

describe("SQL", () => {
  let statements: string[];
  beforeAll(async () => {
    statements = await migrationFiles();
  });

  /** The words of what makes and alters a table or view. */
  function wordsOf(table: string): Set<string> {
    const [database, name] = table.split(".") as [string, string];
    if (database === "system") return new Set(systemColumns[name] ?? []);
    const making = new RegExp(
      `^(CREATE (OR REPLACE )?(TABLE|VIEW)|ALTER TABLE) (IF NOT EXISTS )?analytics\\.${name}\\b`,
    );
    const texts = statements.filter((text) => making.test(text));
    return new Set(texts.flatMap((text) => text.match(/\w+/g) ?? []));
  }

  it.each(sqlTexts)("$title names tables and columns of sql/", ({ sql }) => {
    const tables = tablesIn(sql);
    expect(tables).not.toEqual([]);
    for (const table of tables) expect([...wordsOf(table)], table).not.toEqual([]);
    const columns = new Set(tables.flatMap((table) => [...wordsOf(table)]));
    expect(namesIn(sql).filter((name) => !columns.has(name))).toEqual([]);
  });

  it("would notice a table and a column that do not exist", () => {
    const sql = "SELECT sum(total) AS n, bukket FROM analytics.fact_event_dlq_agg_1m WHERE x = 'y' GROUP BY bukket";
    expect(tablesIn(sql)).toEqual(["analytics.fact_event_dlq_agg_1m"]);
    expect(namesIn(sql)).toEqual(["total", "bukket", "x"]);
    expect(wordsOf("analytics.fact_event_dlq_agg_1m")).not.toContain("bukket");
    expect([...wordsOf("analytics.fact_event_dlg_agg_1m")]).toEqual([]);
  });
});
