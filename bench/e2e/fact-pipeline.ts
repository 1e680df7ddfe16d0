import { eventRules } from "../../src/schema/events-pipeline.ts";
import type { Rule } from "../../src/schema/plan.ts";
import type { PeerContext } from "./peer.ts";
import { factTable } from "./table.ts";

/** Rules that fill a column which the bench's table does not have: they would be work that leaves nothing. */
function fillsAbsentColumn(rule: Rule): boolean {
  const names = new Set(factTable.columns.map(({ name }) => name));
  return rule.rule === "default" && rule.field !== "ts_ms" && !names.has(rule.field);
}

/**
 * The built-in pipeline of the events (src/schema/events-pipeline.ts) for another topic and the bench's table: the same
 * rules, lateness horizon and latency groups. As text of a pipeline file; JSON is YAML.
 */
export function factPipeline({ topic, table }: Pick<PeerContext, "topic" | "table">): string {
  return JSON.stringify({
    name: "bench",
    topics: [topic],
    codec: "auto",
    table,
    coercion: "lenient",
    columns: {
      event_ts: { from: ["ts_ms", "timestamp_ms"], time: "epoch_ms", defaultRecord: "timestamp" },
      kafka_partition: { record: "partition" },
      kafka_offset: { record: "offset" },
    },
    rules: eventRules.filter((rule) => !fillsAbsentColumn(rule)),
    lateness: { column: "event_ts", back: "7d", ahead: "1h" },
    eventTime: "event_ts",
    latencyGroup: "service",
  });
}
