import { latency, oneRow, percent } from "../bounds.ts";
import type { PanelRow } from "../panel-row.ts";
import { chosenServices, errorPercent, inWindow, lately, percentile } from "../sql.ts";
import { faultSteps, latencySteps } from "../thresholds.ts";

/** Age of the newest of the times that `newest` gives, at the end of the dashboard's range. */
const ageMs = (newest: string) =>
  `greatest(0, toUnixTimestamp64Milli(least(now64(3), $__toTime_ms)) - toUnixTimestamp64Milli(${newest}))`;

/** Queries that ended well, by what ClickHouse itself logs; the date is the key of that log. */
const loggedQueries = (which: string) => `SELECT quantile(0.95)(query_duration_ms) AS p95
FROM system.query_log
WHERE event_date >= toDate($__toTime - INTERVAL \${window} SECOND) AND ${inWindow("event_time")}
  AND type = 'QueryFinish' AND ${which}
HAVING count() > 0`;

const tile = { view: "tile", seeds: ["S0-75"] } as const;
const latencyTile = { ...tile, unit: "ms", steps: latencySteps } as const;
const shareTile = { ...tile, unit: "percent", steps: faultSteps } as const;

/** The eight figures that say whether all is well. */
export const tiles: readonly PanelRow[] = [
  {
    ...latencyTile,
    ...{ title: "End to end, p95", term: "row-e2e" },
    says: "95 of 100 events that arrived in the window were stored within this time after they happened (event time to stored row).",
    queries: [
      {
        sql: lately([`${percentile(95, "e2e_state")} AS p95`], "millrace_arrival_10s"),
        expect: oneRow({ p95: [1, 60_000] }),
      },
    ],
  },
  {
    ...latencyTile,
    ...{ title: "Freshness by Kafka time", term: "freshness" },
    says: "Age of the newest stored record by its record time in Kafka, at the end of the range.",
    queries: [
      {
        sql: `SELECT ${ageMs("maxMerge(max_ingest_state)")} AS age
FROM analytics.millrace_arrival_10s
WHERE $__timeFilter(bucket) AND ${chosenServices}
HAVING countMerge(total_state) > 0`,
        expect: oneRow({ age: [0, 120_000] }),
      },
    ],
  },
  {
    ...latencyTile,
    ...{ title: "Freshness by event time", term: "freshness" },
    says: "Age of the newest stored event by its own time, at the end of the range, among those that arrived in the window.",
    queries: [
      {
        sql: `SELECT ${ageMs("max(event_ts)")} AS age
FROM analytics.fact_event
WHERE ${inWindow("ingest_ts")} AND ${chosenServices}
HAVING count() > 0`,
        expect: oneRow({ age: [0, 120_000] }),
      },
    ],
  },
  {
    ...shareTile,
    ...{ title: "Error rate (5xx)", term: "http_5xx" },
    says: "Share of the events that arrived in the window whose status is 500 or above.",
    queries: [{ sql: lately([`${errorPercent} AS percent`], "millrace_arrival_10s"), expect: oneRow({ percent }) }],
  },
  {
    ...latencyTile,
    ...{ title: "Kafka → ingester, p95", term: "row-kafka-to-ingester" },
    says: "95 of 100 events were received by the ingester within this time after their record time in Kafka.",
    queries: [
      {
        sql: lately([`${percentile(95, "kafka_to_spark_ingest_state")} AS p95`], "millrace_arrival_10s"),
        expect: oneRow({ p95: latency }),
      },
    ],
  },
  {
    ...latencyTile,
    ...{ title: "ClickHouse INSERT, p95", term: "insert" },
    says: "95 of 100 inserts into the facts took ClickHouse at most this time, by its own query log.",
    queries: [
      {
        sql: loggedQueries("query_kind = 'Insert' AND has(tables, 'analytics.fact_event')"),
        expect: oneRow({ p95: [1, 60_000] }),
      },
    ],
  },
  {
    ...latencyTile,
    ...{ title: "Grafana's queries, p95", term: "query-latency" },
    says: "95 of 100 of Grafana's own queries took ClickHouse at most this time, by its query log (user grafana_user).",
    queries: [
      { sql: loggedQueries("query_kind = 'Select' AND user = 'grafana_user'"), expect: oneRow({ p95: latency }) },
    ],
  },
  {
    ...shareTile,
    ...{ title: "Dead letters", term: "dead-letter-share" },
    says: "Share of the records that arrived in the window which became dead letters instead of rows.",
    queries: [
      {
        sql: `WITH
  (SELECT sum(total) FROM analytics.fact_event_dlq_agg_1m WHERE ${inWindow("bucket")} AND ${chosenServices}) AS dead,
  (SELECT countMerge(total_state) FROM analytics.fact_event_agg_1m WHERE ${inWindow("bucket")} AND ${chosenServices}) AS stored
SELECT 100 * dead / (dead + stored) AS percent`,
        expect: oneRow({ percent: [0.01, 50] }),
      },
    ],
  },
];
