import { ownDatabase } from "../config/own-database.ts";
import { deadLetterTable, type Pipeline } from "./pipeline.ts";
import type { Rule } from "./plan.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/**
 * The normalising of S0-40, in its order: a rule may read what an earlier one has set.
 *
 * The result comes from the status before the status comes from the result, so an event with neither has the status 0
 * and the result "unknown". An event without a service is refused (S0-41): every query groups by it.
 */
export const eventRules: Rule[] = [
  { rule: "require", field: "service", errorType: "service_missing" },
  { rule: "default", field: "ts_ms", from: ["timestamp_ms"] },
  { rule: "default", field: "domain", value: "http", whenAnyOf: ["method", "path"] },
  { rule: "default", field: "domain", from: ["service"] },
  { rule: "default", field: "api_group", value: "unknown" },
  { rule: "default", field: "event_name", value: "unknown" },
  { rule: "default", field: "request_id", value: "unknown" },
  { rule: "resultFromStatus", field: "result", status: "status_code" },
  { rule: "statusFromResult", field: "status_code", result: "result", flag: "status_synthetic" },
  { rule: "default", field: "result", value: "unknown" },
  { rule: "default", field: "level", value: "INFO" },
  { rule: "default", field: "route_template", from: ["path"] },
  { rule: "recordId", field: "event_id" },
];

/**
 * The replaced system's events (S0-39 to S0-41) into `fact_event` (S0-52). `logs.error` is not among the topics: it
 * holds copies of failures that the other topics have as well (S0-25), which would count twice.
 */
export const eventsPipeline: Pipeline = {
  name: "events",
  topics: ["logs.auth", "logs.order", "logs.payment", "logs.unknown"],
  codec: "auto",
  table: `${ownDatabase}.fact_event`,
  coercion: "lenient",
  columns: {
    event_ts: { from: ["ts_ms", "timestamp_ms"], time: "epoch_ms", defaultRecord: "timestamp" },
    ingest_ts: { record: "timestamp" },
    kafka_ts: { record: "timestamp", optional: true },
    spark_ingest_ts: { record: "received", optional: true },
    processed_ts: { record: "processed" },
    // ClickHouse's own clock and differences of the columns above: the table's DEFAULT expressions know them better.
    stored_ts: { omit: true, optional: true },
    ingest_ms: { omit: true, optional: true },
    process_ms: { omit: true, optional: true },
    created_ts: { from: ["created_ts_ms"], time: "epoch_ms", optional: true },
    topic: { record: "topic" },
    kafka_partition: { record: "partition" },
    kafka_offset: { record: "offset" },
    kafka_key: { record: "key", optional: true },
    // Off by default (S0-38): withRawJson() turns it on.
    raw_json: { omit: true, optional: true },
  },
  rules: eventRules,
  lateness: { column: "event_ts", backMs: 7 * dayMs, aheadMs: hourMs },
  eventTime: "event_ts",
  latencyGroup: "service",
};

/** The same pipeline with the record's own text in the column raw_json (S0-38); costs about as much disk as the rest. */
export function withRawJson(pipeline: Pipeline): Pipeline {
  return { ...pipeline, columns: { ...pipeline.columns, raw_json: { record: "raw" } } };
}

/**
 * Dead letters that producers wrapped themselves (S0-24, S0-42), from their topic into the table where Millrace's own
 * dead letters go.
 */
export const deadLettersPipeline: Pipeline = {
  name: "dead-letters",
  topics: ["logs.dlq"],
  codec: "auto",
  table: deadLetterTable,
  coercion: "lenient",
  columns: {
    ingest_ts: { record: "timestamp" },
    processed_ts: { record: "processed" },
    created_ts: { from: ["created_ms", "created_ts"], time: "epoch_ms", optional: true },
    error_type: { default: "unknown" },
    pipeline: { default: "dead-letters", optional: true },
    topic: { record: "topic", optional: true },
    kafka_partition: { record: "partition", optional: true },
    kafka_offset: { record: "offset", optional: true },
  },
  rules: [{ rule: "recordId", field: "event_id" }],
  lateness: undefined,
  eventTime: undefined,
  latencyGroup: undefined,
};
