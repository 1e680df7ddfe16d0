import { percent } from "../bounds.ts";
import type { PanelRow } from "../panel-row.ts";
import { lastDay, table, unknownTo } from "./last-day.ts";

export const statusCodes: readonly PanelRow[] = [
  {
    ...table,
    title: "Codes of each class",
    says: "Status codes by class.",
    queries: [
      {
        sql: `SELECT status_class, count() AS codes, min(status_code) AS first, max(status_code) AS last
FROM analytics.dim_status_code
GROUP BY status_class
ORDER BY status_class`,
        expect: { rows: [5, 6], values: { codes: [1, 100] } },
      },
    ],
  },
  {
    ...table,
    title: "Codes that are errors",
    says: "Status codes that count as errors (is_error): those from 500 on.",
    queries: [
      {
        sql: `SELECT status_code, status_class, description
FROM analytics.dim_status_code
WHERE is_error = 1
ORDER BY status_code`,
        expect: { rows: [11, 30], values: { status_code: [500, 2_147_483_647] } },
      },
    ],
  },
  {
    ...table,
    title: "Codes that the dimension does not know",
    says: "Status codes of the facts of the last 24 hours that are not in dim_status_code.",
    queries: [
      {
        sql: unknownTo("dim_status_code", "status_code"),
        expect: { rows: [1, 5], values: { status_code: [299, 299], events: [1, 100] } },
      },
    ],
  },
  {
    ...{ ...table, columnUnits: { share: "percent" } },
    title: "Events of each class",
    says: "Facts of the last 24 hours by the class of their status code, as the dimension has it.",
    queries: [
      {
        sql: `SELECT if(empty(d.status_class), 'unknown', d.status_class) AS class, sum(f.events) AS events,
  100 * events / sum(events) OVER () AS share
FROM (
  SELECT status_code, count() AS events FROM analytics.fact_event WHERE ${lastDay} GROUP BY status_code
) AS f
LEFT JOIN analytics.dim_status_code AS d ON d.status_code = f.status_code
GROUP BY class
ORDER BY class`,
        expect: { rows: [2, 6], values: { events: [1, 1_000_000], share: percent } },
      },
    ],
  },
];
