import { latency, percent, run } from "./bounds.ts";
import type { DashboardRow } from "./dashboard-row.ts";
import type { Bounds, PanelRow } from "./panel-row.ts";
import { errorPercent, fiveStageColumns, overTime, percentile } from "./sql.ts";
import { faultSteps, latencySteps } from "./thresholds.ts";
import { serviceVariable } from "./variables.ts";

const chart = { view: "series", seeds: ["S0-78"], interval: "10s", width: 12 } as const;
const tenSeconds = (values: Bounds["values"] & object): Bounds => ({ rows: [1, 30], values });

const panels: readonly PanelRow[] = [
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Events per second", term: "events-per-second" },
    says: "Stored events per second, by the ten seconds in which they arrived in Kafka.",
    queries: [
      {
        sql: overTime([`countMerge(total_state) / $__interval_s AS "events/s"`], "fact_event_agg_10s"),
        expect: tenSeconds({ "events/s": [0.1, 3 * run.eventsPerSecond] }),
      },
    ],
  },
  {
    ...{ ...chart, unit: "percent", steps: faultSteps },
    ...{ title: "Error rate (5xx)", term: "http_5xx" },
    says: "Share of the events that arrived in ten seconds whose status is 500 or above.",
    queries: [
      { sql: overTime([`${errorPercent} AS errors`], "fact_event_agg_10s"), expect: tenSeconds({ errors: percent }) },
    ],
  },
  {
    ...{ ...chart, unit: "ms", steps: latencySteps, seeds: ["S0-78", "S0-80"] },
    ...{ title: "End to end, p95", term: "row-e2e" },
    says: "Time from the event (event_ts) to its stored row, of the events that arrived in Kafka in ten seconds (ingest_ts).",
    queries: [
      {
        sql: overTime([`${percentile(95, "e2e_state")} AS p95`], "millrace_arrival_10s"),
        expect: tenSeconds({ p95: [1, 60_000] }),
      },
    ],
  },
  {
    ...{ ...chart, unit: "ms", steps: latencySteps },
    ...{ title: "Five stages, p95", term: "stages" },
    says: "The p95 of each stage, of the events that arrived in ten seconds.",
    queries: [
      {
        sql: overTime(fiveStageColumns, "millrace_arrival_10s"),
        expect: tenSeconds({ "*": latency }),
      },
    ],
  },
];

export const realtimeDashboard: DashboardRow = {
  name: "realtime",
  title: "Millrace: realtime",
  says: "The last quarter of an hour in buckets of ten seconds, by arrival in Kafka.",
  ...{ refresh: "30s", from: "now-15m" },
  variables: [serviceVariable],
  sections: [{ title: "Realtime", panels }],
};
