import type { PanelRow } from "../panel-row.ts";
import { table, unknownTo } from "./last-day.ts";

export const users: readonly PanelRow[] = [
  {
    ...table,
    title: "Users",
    says: "How many users there are, and how many of them had facts within the look-back of the last refresh.",
    queries: [
      {
        sql: "SELECT count() AS users, countIf(is_active = 1) AS active, countIf(is_active = 0) AS inactive FROM analytics.dim_user",
        expect: { rows: [1, 1], values: { users: [1, 200_000], active: [1, 200_000], inactive: [0, 0] } },
      },
    ],
  },
  {
    ...{ ...table, width: 16 },
    title: "Users that the dimension does not know",
    says: "The 50 users with the most facts in the last 24 hours that are not in dim_user.",
    queries: [
      {
        sql: unknownTo("dim_user", "user_id", 50),
        expect: { rows: [1, 50], values: { events: [1, 10_000] } },
      },
    ],
  },
];
