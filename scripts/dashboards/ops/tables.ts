import { latency, percent, run } from "../bounds.ts";
import type { PanelRow } from "../panel-row.ts";
import { chosenServices, errorPercent, inWindow, lately, percentile } from "../sql.ts";
import { latencySteps } from "../thresholds.ts";

const table = { view: "table", seeds: ["S0-77"] } as const;

/** Three tables of the last minutes. */
export const tables: readonly PanelRow[] = [
  {
    ...{ ...table, unit: "short" },
    ...{ title: "Dead letters by reason", term: "dead-letter" },
    says: "The ten most frequent reasons (error_type) of the dead letters that arrived in the window.",
    queries: [
      {
        sql: `SELECT error_type AS reason, sum(total) AS "dead letters"
FROM analytics.fact_event_dlq_agg_1m
WHERE ${inWindow("bucket")} AND ${chosenServices}
GROUP BY reason
ORDER BY "dead letters" DESC
LIMIT 10`,
        expect: { rows: [1, 10], values: { "dead letters": [1, 100_000] } },
      },
    ],
  },
  {
    ...{ ...table, unit: "short", columnUnits: { errors: "percent" } },
    ...{ title: "Services: events and errors", term: "http_5xx" },
    says: "Events per second and share of answers with status 500 or above, by service, of what arrived in the window.",
    queries: [
      {
        sql: `${lately(["service", `countMerge(total_state) / \${window} AS "events/s"`, `${errorPercent} AS errors`], "millrace_arrival_10s")}
GROUP BY service
ORDER BY "events/s" DESC`,
        expect: {
          rows: [run.services, 20],
          values: { "events/s": [0.001, 2 * run.eventsPerSecond], errors: percent },
        },
      },
    ],
  },
  {
    ...{ ...table, unit: "ms", steps: latencySteps },
    ...{ title: "Services: latency", term: "row-e2e" },
    says: "Time from the event to its stored row (p95, p99) and from Kafka to the ingester (p95), by service, of what arrived in the window.",
    queries: [
      {
        sql: `${lately(
          [
            "service",
            `${percentile(95, "e2e_state")} AS "e2e p95"`,
            `${percentile(99, "e2e_state")} AS "e2e p99"`,
            `${percentile(95, "kafka_to_spark_ingest_state")} AS "Kafka → ingester p95"`,
          ],
          "millrace_arrival_10s",
        )}
GROUP BY service
ORDER BY "e2e p95" DESC`,
        expect: { rows: [run.services, 20], values: { "*": latency } },
      },
    ],
  },
];
