import { readFileSync, writeFileSync } from "node:fs";
import { intendedDifferences } from "../src/codec/reference/columns/testing/intended-differences.ts";
import type { CounterRow } from "../src/telemetry/counter-row.ts";
import { counterRows } from "../src/telemetry/counter-rows.ts";
import type { MetricRow } from "../src/telemetry/metric-row.ts";
import { metricRows } from "../src/telemetry/metric-rows.ts";
import { simulatorMetricRows } from "../src/telemetry/simulator-metric-rows.ts";
import { type DashboardRow, panelsOf } from "./dashboards/dashboard-row.ts";
import { dashboards } from "./dashboards/dashboards.ts";
import { isSql } from "./dashboards/panel-row.ts";
import { code, type DocTable, plain, withTable } from "./doc-table.ts";
import { optionTables } from "./option-tables.ts";

/** All of them. `npx node scripts/doc-tables.ts` writes them. */
export const docTables: readonly DocTable[] = [
  {
    name: "differences",
    file: "docs/differences.md",
    header: ["Type", "JSON", "ClickHouse stores", "Millrace", "Why"],
    rows: intendedDifferences.map(({ type, input, clickhouse, millrace, why }) => [
      ...[type, input, clickhouse, millrace].map(code),
      why,
    ]),
  },
  {
    name: "counts",
    file: "docs/report.md",
    header: ["Name", "Counts", "Which"],
    rows: (counterRows as readonly CounterRow[])
      .filter(({ report }) => report !== "none")
      .map(({ name, report, unit, by, help }) => [
        code(report === "counts" ? `counts.${name}` : name),
        by === undefined ? unit : `${unit} by ${by}`,
        help,
      ]),
  },
  metricTable("metrics", metricRows),
  metricTable("metrics of the simulator", Object.values(simulatorMetricRows)),
  ...dashboards.map(dashboardTable),
  ...optionTables,
];

function dashboardTable(row: DashboardRow): DocTable {
  return {
    name: `dashboard ${row.name}`,
    file: "docs/dashboards.md",
    header: ["Panel", "Shows", "Source", "For"],
    rows: panelsOf(row).map(({ title, says, term, queries, seeds = [] }) => [
      `[${title}](glossary.md#${term})`,
      plain(says),
      [...new Set(queries.map((query) => (isSql(query) ? "ClickHouse" : "Prometheus")))].join(", "),
      seeds.join(", "),
    ]),
  };
}

function metricTable(name: string, rows: readonly MetricRow[]): DocTable {
  return {
    name,
    file: "docs/metrics.md",
    header: ["Metric", "Type", "Unit", "Labels", "Measured in", "Says"],
    rows: rows.map(({ name, type, unit, labels, where, help }) => [
      ...[code(name), type, unit, labels.map(code).join(", "), where, plain(help)],
    ]),
  };
}

/** The path of a page of docs/. */
export function pathOf({ file }: DocTable): string {
  return new URL(`../${file}`, import.meta.url).pathname;
}

if (import.meta.main) {
  for (const table of docTables) {
    const path = pathOf(table);
    writeFileSync(path, withTable(readFileSync(path, "utf8"), table));
  }
}
