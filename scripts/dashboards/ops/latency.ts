import { bucketBoundsMs } from "../../../src/telemetry/stage-buckets.ts";
import { latency, percent } from "../bounds.ts";
import type { PanelRow } from "../panel-row.ts";
import { byLabel, chosenPipelines, isOver } from "../sql.ts";
import { latencySteps } from "../thresholds.ts";

/** The histograms that the ingesters store, of the last minutes, merged but for `by`. */
const latelyBy = (by: string) =>
  `analytics.latency(from = $__toTime - INTERVAL \${window} SECOND, to = $__toTime, by = '${by}')`;

/** The same over time. */
const overTimeBy = (by: string) =>
  `analytics.latency_series(from = $__fromTime, to = $__toTime, step = $__interval_s, by = '${by}')`;

/** How many records each bucket of the heat map has: one column a bucket, so that their order is ours. */
const bucketColumns = [...bucketBoundsMs.map(String), "inf"].map(
  (bound) => `sumIf(total_cnt, le_ms = ${bound}) AS "${bound}"`,
);

/** What the ingesters measured of themselves, stage by stage: from their own histograms, which lose nothing when merged. */
export const latencyPanels: readonly PanelRow[] = [
  {
    ...{ view: "heatmap", unit: "ms", interval: "10s", seeds: ["S0-2"] },
    ...{ title: "Latency of one stage", term: "stages" },
    says: "How many records took how long in the stage that is chosen above; each line is a bucket up to that many ms.",
    queries: [
      {
        sql: `SELECT bucket AS time,
  ${bucketColumns.join(",\n  ")}
FROM analytics.latency_buckets(from = $__fromTime, to = $__toTime, step = $__interval_s)
WHERE stage = \${stage:sqlstring}
GROUP BY time
HAVING ${isOver}
ORDER BY time`,
        expect: { rows: [1, 60], values: { "*": [0, 1_000_000] }, peak: 1 },
      },
    ],
  },
  {
    ...{ view: "series", unit: "ms", steps: latencySteps, width: 12, interval: "10s", seeds: ["S0-2"] },
    ...{ title: "End to end, p95 by profile and vCPU budget", term: "profile" },
    says: "The p95 from the event to its acknowledged insert, by the profile in force and the vCPUs that it is scaled to.",
    seriesName: byLabel("setting"),
    queries: [
      {
        sql: `SELECT bucket AS time, concat(profile, ', ', toString(vcpus), ' vCPU') AS setting, p95_ms AS p95
FROM ${overTimeBy("profile,vcpus")}
WHERE stage = 'e2e' AND p95_ms IS NOT NULL AND ${isOver}
ORDER BY time`,
        expect: { rows: [1, 60], values: { p95: latency }, peak: 1 },
      },
    ],
  },
  {
    ...{ view: "table", unit: "ms", width: 24, seeds: ["S0-2"] },
    ...{ title: "Stages by pipeline, profile and vCPU budget", term: "stages" },
    says: "Quantiles of each stage in the window, by pipeline, profile and vCPU budget; slow are records above one second.",
    columnUnits: { records: "short", slow: "percent", vcpus: "short" },
    queries: [
      {
        sql: `SELECT pipeline, profile, vcpus, stage, total_cnt AS records, p50_ms AS p50, p95_ms AS p95, p99_ms AS p99,
  max_ms AS max, avg_ms AS mean, 100 * slow_ratio AS slow
FROM ${latelyBy("pipeline,profile,vcpus")}
WHERE total_cnt > 0 AND ${chosenPipelines}
ORDER BY pipeline, profile, vcpus, indexOf(['produce', 'fetch', 'queue', 'process', 'insert', 'pipeline', 'e2e'], stage)`,
        expect: {
          rows: [7, 28],
          values: {
            p50: latency,
            p95: latency,
            p99: latency,
            max: [0, 700_000],
            records: [1, 1_000_000],
            slow: percent,
          },
          peak: 1,
        },
      },
    ],
  },
];
