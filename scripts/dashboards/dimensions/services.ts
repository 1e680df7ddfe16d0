import type { PanelRow } from "../panel-row.ts";
import { table, unknownTo } from "./last-day.ts";

export const services: readonly PanelRow[] = [
  {
    ...table,
    title: "Services and groups",
    says: "How many services there are, in how many groups.",
    queries: [
      {
        sql: "SELECT count() AS services, uniqExact(service_group) AS groups FROM analytics.dim_service",
        expect: { rows: [1, 1], values: { services: [4, 10], groups: [2, 5] } },
      },
    ],
  },
  {
    ...table,
    title: "Services of each group",
    says: "Services by group, and their names.",
    queries: [
      {
        sql: `SELECT service_group, count() AS services, arrayStringConcat(arraySort(groupArray(service)), ', ') AS names
FROM analytics.dim_service
GROUP BY service_group
ORDER BY services DESC, service_group`,
        expect: { rows: [2, 5], values: { services: [1, 10] } },
      },
    ],
  },
  {
    ...table,
    title: "Inactive services",
    says: "Services that the service map calls inactive, or that have had no facts within the look-back of the last refresh.",
    queries: [
      {
        sql: `SELECT service, service_group, description, is_active
FROM analytics.dim_service
WHERE is_active = 0
ORDER BY service`,
        expect: { rows: [1, 5], values: { is_active: [0, 0] } },
      },
    ],
  },
  {
    ...table,
    title: "Services that the dimension does not know",
    says: "Services of the facts of the last 24 hours that are not in dim_service: `millrace dims refresh` adds them.",
    queries: [{ sql: unknownTo("dim_service", "service"), expect: { rows: [1, 5], values: { events: [1, 100] } } }],
  },
];
