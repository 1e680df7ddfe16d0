import { latency, minutes, percent, run } from "../bounds.ts";
import type { PanelRow } from "../panel-row.ts";
import { chosenServices, errorPercent, fiveStageColumns, overTime, percentile } from "../sql.ts";
import { faultSteps, latencySteps } from "../thresholds.ts";

const series = { view: "series", seeds: ["S0-76"], interval: "1m" } as const;
const latencySeries = { ...series, unit: "ms", steps: latencySteps } as const;
const shareSeries = { ...series, unit: "percent" } as const;

/** Stored rows and dead letters by the bucket of their arrival. */
const deadAndStored = `SELECT $__timeInterval(bucket) AS time, sum(total) AS dead, 0 AS stored
  FROM analytics.fact_event_dlq_agg_1m WHERE $__timeFilter(bucket) AND ${chosenServices} GROUP BY time
  UNION ALL
  SELECT $__timeInterval(bucket) AS time, 0 AS dead, countMerge(total_state) AS stored
  FROM analytics.fact_event_agg_1m WHERE $__timeFilter(bucket) AND ${chosenServices} GROUP BY time`;

/** Nine charts, minute by minute. */
export const series1m: readonly PanelRow[] = [
  {
    ...{ ...series, unit: "short" },
    ...{ title: "Events per second", term: "events-per-second" },
    says: "Stored events per second, by the minute in which they arrived in Kafka.",
    queries: [
      {
        sql: overTime([`countMerge(total_state) / $__interval_s AS "events/s"`], "fact_event_agg_1m"),
        expect: minutes({ "events/s": [0.01, 2 * run.eventsPerSecond] }),
      },
    ],
  },
  {
    ...{ ...shareSeries, steps: faultSteps },
    ...{ title: "Error rate (5xx)", term: "http_5xx" },
    says: "Share of the events that arrived in a minute whose status is 500 or above.",
    queries: [
      { sql: overTime([`${errorPercent} AS "errors"`], "fact_event_agg_1m"), expect: minutes({ errors: percent }) },
    ],
  },
  {
    ...latencySeries,
    ...{ title: "End to end, p95 and p99", term: "row-e2e" },
    says: "Time from the event to its stored row, of the events that arrived in a minute.",
    queries: [
      {
        sql: overTime(
          [`${percentile(95, "e2e_state")} AS p95`, `${percentile(99, "e2e_state")} AS p99`],
          "fact_event_latency_service_1m",
        ),
        expect: minutes({ p95: [1, 60_000], p99: [1, 60_000] }),
      },
    ],
  },
  {
    ...latencySeries,
    ...{ title: "Five stages, p95", term: "stages" },
    says: "Where the time goes: the p95 of each stage, of the events that arrived in a minute; the p95s of the stages do not add up to that of the whole.",
    queries: [{ sql: overTime(fiveStageColumns, "fact_event_latency_service_1m"), expect: minutes({ "*": latency }) }],
  },
  {
    ...latencySeries,
    ...{ title: "Processing, p95", term: "row-processing" },
    says: "Time from receiving an event to its finished row: the wait for its bundle to be cut, the wait for a worker, and the work itself.",
    queries: [
      {
        sql: overTime([`${percentile(95, "spark_processing_state")} AS p95`], "fact_event_latency_service_1m"),
        expect: minutes({ p95: latency }),
      },
    ],
  },
  {
    ...latencySeries,
    ...{ title: "Kafka → ingester, p95 and p99", term: "row-kafka-to-ingester" },
    says: "Time from an event's record time in Kafka until the ingester has received it.",
    queries: [
      {
        sql: overTime(
          [95, 99].map((percent) => `${percentile(percent, "kafka_to_spark_ingest_state")} AS p${percent}`),
          "fact_event_latency_service_1m",
        ),
        expect: minutes({ p95: latency, p99: latency }),
      },
    ],
  },
  {
    ...{ ...shareSeries, steps: faultSteps },
    ...{ title: "Dead letters, share", term: "dead-letter-share" },
    says: "Share of the records that arrived in a minute which became dead letters.",
    queries: [
      {
        sql: `SELECT time, 100 * sum(dead) / (sum(dead) + sum(stored)) AS "dead letters"
FROM (
  ${deadAndStored}
)
GROUP BY time
HAVING time <= $__toTime - INTERVAL $__interval_s SECOND
ORDER BY time`,
        expect: minutes({ "dead letters": percent }),
      },
    ],
  },
  {
    ...{ ...series, unit: "short" },
    ...{ title: "Dead letters per second", term: "dead-letter" },
    says: "Dead letters per second, by the minute in which the record arrived in Kafka.",
    queries: [
      {
        sql: overTime([`sum(total) / $__interval_s AS "dead letters/s"`], "fact_event_dlq_agg_1m"),
        expect: minutes({ "dead letters/s": [0.01, run.eventsPerSecond] }),
      },
    ],
  },
  {
    ...{ ...shareSeries, seeds: ["S0-60", "S0-76"] },
    ...{ title: "Stored of created", term: "completeness" },
    says: "Of the events that say they were made in a minute and were read from Kafka, the share that is stored by now; the others are dead letters.",
    queries: [
      {
        sql: overTime(
          [`100 * sum(stored_cnt) / sum(created_cnt) AS "stored"`],
          "fact_event_created_stored_1m",
          "created_cnt > 0",
        ),
        expect: { rows: [1, 20], values: { stored: percent } },
      },
    ],
  },
];
