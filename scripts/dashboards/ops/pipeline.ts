import { percent } from "../bounds.ts";
import type { PanelRow } from "../panel-row.ts";
import { chosen } from "../promql.ts";
import { byLabel, chosenPipelines, chosenServices, isOver } from "../sql.ts";
import { completeSteps, fullSteps, noneSteps, secondsSteps } from "../thresholds.ts";

const chart = { view: "series" } as const;
const cohort = (columns: string) => `100 * sum(${columns}) / sum(created_cnt)`;

/** What the replaced system's page did not have: where records stand, how full the ingester is, and whether all are there. */
export const pipelinePanels: readonly PanelRow[] = [
  {
    ...{ ...chart, unit: "short", seeds: ["S0-2"] },
    ...{ title: "Lag in records", term: "lag" },
    says: "Records in Kafka that the group has not committed, by topic.",
    queries: [
      {
        promql: `sum by (topic) (millrace_lag_records{${chosen}})`,
        legend: "{{topic}}",
        expect: { rows: [3, 10], values: { "*": [0, 100_000] }, peak: 1 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "s", steps: secondsSteps, seeds: ["S0-2"] },
    ...{ title: "Lag in seconds", term: "lag-seconds" },
    says: "Age of the oldest record that the group has not committed, by topic.",
    queries: [
      {
        promql: `max by (topic) (millrace_oldest_unread_age_seconds{${chosen}})`,
        legend: "{{topic}}",
        expect: { rows: [3, 10], values: { "*": [0, 120] }, peak: 0.001 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "percent", steps: fullSteps },
    ...{ title: "Byte budget used", term: "byte-budget" },
    says: "Bytes between fetch and acknowledgement as a share of what may be held; intake pauses at 100 %.",
    queries: [
      {
        promql: `100 * millrace_byte_budget_used_bytes{${chosen}} / millrace_byte_budget_limit_bytes`,
        legend: "{{instance}}",
        expect: { rows: [1, 1], values: { "*": percent } },
      },
    ],
  },
  {
    ...{ ...chart, unit: "percent", steps: completeSteps, seeds: ["S0-60"], interval: "1m", width: 12 },
    ...{ title: "Completeness by created minute", term: "completeness" },
    says: "Of the events that happened in a minute and were read from Kafka, the share that was stored within 10 s, 1 min and 5 min, is stored by now, and is stored or a dead letter by now; it only climbs.",
    queries: [
      {
        sql: `SELECT bucket AS time,
  ${cohort("stored_10s_cnt")} AS "within 10 s",
  ${cohort("stored_1m_cnt")} AS "within 1 min",
  ${cohort("stored_5m_cnt")} AS "within 5 min",
  ${cohort("stored_cnt")} AS "by now",
  ${cohort("stored_cnt + dead_cnt")} AS "accounted for by now"
FROM analytics.completeness(from = $__fromTime, to = $__toTime, step = $__interval_s, clock = 'event', by = 'pipeline,service')
WHERE ${chosenPipelines} AND ${chosenServices}
GROUP BY time
HAVING ${isOver}
ORDER BY time`,
        expect: { rows: [1, 20], values: { "*": percent, "accounted for by now": [100, 100] }, peak: 50 },
      },
    ],
  },
  {
    ...{ view: "table", unit: "s", steps: secondsSteps, width: 12, seeds: ["S0-2"] },
    ...{ title: "Freshness by pipeline", term: "freshness" },
    says: "Age of the newest stored record of each pipeline now, by event time and by Kafka time.",
    queries: [
      {
        sql: `SELECT pipeline, minOrNullIf(age_s, clock = 'event') AS "by event time", minOrNullIf(age_s, clock = 'kafka') AS "by Kafka time"
FROM analytics.freshness
WHERE ${chosenPipelines} AND ${chosenServices}
GROUP BY pipeline
ORDER BY pipeline`,
        expect: { rows: [1, 4], values: { "*": [0, 180] } },
      },
    ],
  },
  {
    ...{ view: "tile", unit: "short", steps: noneSteps, width: 3 },
    ...{ title: "Missing and duplicate", term: "missing" },
    says: "Offsets in Kafka without a row and rows beyond one for each offset, in all that was compared since the start.",
    queries: [
      {
        promql: `sum(millrace_reconciliation_missing_records{${chosen}}) + sum(millrace_reconciliation_duplicate_rows{${chosen}})`,
        legend: "missing or duplicate",
        expect: { rows: [1, 1], values: { "*": [0, 0] } },
      },
    ],
  },
  {
    ...{ view: "tile", unit: "short", width: 3 },
    ...{ title: "Offsets compared", term: "missing" },
    says: "Offsets of Kafka that were compared with rows since the start, each counted once.",
    queries: [
      {
        promql: `sum(millrace_reconciliation_checked_offsets_total{${chosen}})`,
        legend: "offsets",
        expect: { rows: [1, 1], values: { "*": [0, 1_000_000] } },
      },
    ],
  },
  {
    ...{ view: "tile", unit: "s", width: 3 },
    ...{ title: "Last comparison", term: "missing" },
    says: "Time since Kafka's offsets were last compared with rows, or since the start before the first comparison, which comes after five minutes.",
    queries: [
      {
        promql: `max(millrace_reconciliation_age_seconds{${chosen}} or on (instance) (time() - process_start_time_seconds{${chosen}}))`,
        legend: "age",
        expect: { rows: [1, 1], values: { "*": [0, 320] } },
      },
    ],
  },
  {
    ...{ view: "tile", unit: "bool_yes_no", width: 3 },
    ...{ title: "Exactly once", term: "exactly-once" },
    says: "Whether the set-up gives exactly once, as examined at the start.",
    queries: [
      {
        promql: `min(millrace_exactly_once{${chosen}})`,
        legend: "exactly once",
        expect: { rows: [1, 1], values: { "*": [1, 1] } },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short", interval: "1m", width: 12 },
    ...{ title: "Parts per minute", term: "part" },
    says: "Parts that inserts made, by minute and table, as far as ClickHouse still has them: it removes a merged part after eight minutes.",
    seriesName: byLabel("table"),
    queries: [
      {
        sql: `SELECT $__timeInterval(modification_time) AS time, table, count() AS parts
FROM system.parts
WHERE $__timeFilter(modification_time) AND database = 'analytics' AND level = 0
GROUP BY time, table
HAVING time <= $__toTime - INTERVAL $__interval_s SECOND
ORDER BY time`,
        expect: { rows: [3, 200], values: { parts: [1, 10_000] } },
      },
    ],
  },
];
