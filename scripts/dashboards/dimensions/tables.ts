import { percent } from "../bounds.ts";
import type { PanelRow } from "../panel-row.ts";
import { ofEach, table } from "./last-day.ts";

/** What the five tables have in common. */
export const overview: readonly PanelRow[] = [
  {
    ...table,
    title: "Row counts",
    says: "Rows of each dimension.",
    queries: [
      {
        sql: ofEach(["dim_date", "dim_service", "dim_status_code", "dim_time", "dim_user"], "count() AS row_count"),
        expect: { rows: [5, 5], values: { row_count: [1, 200_000] } },
      },
    ],
  },
  {
    ...{ ...table, columnUnits: { missing: "percent" } },
    title: "Descriptions missing",
    says: "Share of rows without a description, in each dimension that has descriptions.",
    queries: [
      {
        sql: ofEach(
          ["dim_service", "dim_status_code", "dim_user"],
          "100 * countIf(empty(ifNull(description, ''))) / count() AS missing",
        ),
        expect: { rows: [3, 3], values: { missing: percent } },
      },
    ],
  },
  {
    ...table,
    title: "Active and inactive",
    says: "Rows of each dimension that are active, and rows that are not.",
    queries: [
      {
        sql: ofEach(
          ["dim_service", "dim_user"],
          "countIf(is_active = 1) AS active, countIf(is_active = 0) AS inactive",
        ),
        expect: { rows: [2, 2], values: { active: [1, 200_000], inactive: [0, 10] } },
      },
    ],
  },
];
