import { bucketBoundsMs } from "../../../src/telemetry/stage-buckets.ts";
import { latencySeconds, run } from "../bounds.ts";
import type { PanelRow } from "../panel-row.ts";
import { chosen, increaseWhere, orNone, perSecond, stageQuantile } from "../promql.ts";
import { secondsSteps } from "../thresholds.ts";

const chart = { view: "series", seeds: ["S1-34"] } as const;
/** Those with a bound, and one for what is above. */
const buckets = bucketBoundsMs.length + 1;
/** /metrics has several buckets for each row of a heat map, for the sake of quantiles. */
const isRow = `le=~"${[...bucketBoundsMs.map((boundMs) => boundMs / 1_000), "[+]Inf"].join("|").replaceAll(".", "[.]")}"`;
const events = [0, 3 * run.eventsPerSecond] as const;

/** How much comes in and goes out, how late, and what lies in Kafka. */
export const flow: readonly PanelRow[] = [
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Stored rows per second", term: "events-per-second" },
    says: "Rows that were stored in target tables, per second.",
    queries: [
      {
        promql: `sum by (instance) (${perSecond("millrace_stored_rows_total")})`,
        legend: "{{instance}}",
        expect: { rows: [1, 1], values: { "*": events }, peak: 1 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "Bps" },
    ...{ title: "Bytes per second", term: "bundle" },
    says: "Bytes of Kafka's batches that were transcoded, and bytes that inserts sent before any compression.",
    queries: [
      {
        promql: `sum(${perSecond("millrace_input_bytes_total")})`,
        legend: "from Kafka",
        expect: { rows: [1, 1], values: { "*": [0, 100_000_000] }, peak: 1_000 },
      },
      {
        promql: `sum(${perSecond("millrace_insert_bytes_total")})`,
        legend: "into ClickHouse",
        expect: { rows: [1, 1], values: { "*": [0, 100_000_000] }, peak: 1_000 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Dead letters per second", term: "dead-letter" },
    says: "Records per second that became dead letters, by reason.",
    queries: [
      {
        promql: orNone(`sum by (reason) (${perSecond("millrace_dead_letters_total")})`),
        legend: "{{reason}}",
        expect: { rows: [2, 50], values: { "*": events }, peak: 0.1 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "s", steps: secondsSteps, width: 12 },
    ...{ title: "Stages, p95", term: "stages" },
    says: "The p95 of each stage from event to acknowledged insert.",
    queries: [
      {
        promql: stageQuantile(0.95, ["stage"]),
        legend: "{{stage}}",
        expect: { rows: [7, 7], values: { "*": latencySeconds }, peak: 0.01 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "s", steps: secondsSteps, width: 12 },
    ...{ title: "Stages, p99", term: "stages" },
    says: "The p99 of each stage from event to acknowledged insert.",
    queries: [
      {
        promql: stageQuantile(0.99, ["stage"]),
        legend: "{{stage}}",
        expect: { rows: [7, 7], values: { "*": latencySeconds }, peak: 0.01 },
      },
    ],
  },
  {
    ...{ ...chart, view: "heatmap", unit: "s", width: 24 },
    ...{ title: "End to end, all records", term: "e2e" },
    says: "How many records took how long from the event to the acknowledged insert, over time.",
    queries: [
      {
        promql: `sum by (le) (${increaseWhere("millrace_stage_latency_seconds_bucket", `stage="e2e",${isRow}`)})`,
        legend: "{{le}}",
        expect: { rows: [buckets, buckets], values: { "*": [0, 1_000_000] }, peak: 1 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Lag in records, by partition", term: "lag" },
    says: "Records in Kafka that the group has not committed.",
    queries: [
      {
        promql: `millrace_lag_records{${chosen}}`,
        legend: "{{topic}} {{partition}}",
        expect: { rows: [3, 100], values: { "*": [0, 100_000] }, peak: 1 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "s", steps: secondsSteps },
    ...{ title: "Age of the oldest unread record", term: "lag-seconds" },
    says: "Age of the oldest record that the group has not committed, over all partitions; 0 when all is read.",
    queries: [
      {
        promql: `max by (instance) (millrace_oldest_unread_age_seconds{${chosen}})`,
        legend: "{{instance}}",
        expect: { rows: [1, 1], values: { "*": [0, 120] }, peak: 0.001 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Clocks ahead", term: "skew" },
    says: "Records per second that are in no latency, because their clock was ahead, by stage.",
    queries: [
      {
        promql: orNone(`sum by (stage) (${perSecond("millrace_stage_skewed_records_total")})`),
        legend: "{{stage}}",
        expect: { rows: [1, 7], values: { "*": events }, peak: 0.01 },
      },
    ],
  },
];
