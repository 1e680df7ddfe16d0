import type { PanelRow } from "../panel-row.ts";
import { chosen, increase } from "../promql.ts";
import { noneSteps, yesSteps } from "../thresholds.ts";

const chart = { view: "series", seeds: ["S1-34"] } as const;
const tile = { view: "tile", width: 4 } as const;

const counted = (metric: string, legend: string) => ({
  promql: `sum(${increase(metric)})`,
  legend,
  expect: { rows: [1, 1], values: { "*": [0, 1_000] } } as const,
});

/** What is in force now. */
export const state: readonly PanelRow[] = [
  {
    ...{ ...tile, unit: "bool_yes_no", steps: yesSteps },
    ...{ title: "Ready", term: "ready" },
    says: "Whether every chosen instance answers /readyz with 200.",
    queries: [
      {
        promql: `min(millrace_ready{${chosen}})`,
        legend: "ready",
        expect: { rows: [1, 1], values: { "*": [0, 1] } },
      },
    ],
  },
  {
    ...{ ...tile, unit: "short" },
    ...{ title: "Partitions assigned", term: "rebalance" },
    says: "Partitions that the chosen instances own; during a rebalance they are nobody's.",
    queries: [
      {
        promql: `sum(millrace_assigned_partitions{${chosen}})`,
        legend: "partitions",
        expect: { rows: [1, 1], values: { "*": [1, 200] } },
      },
    ],
  },
  {
    ...{ ...tile, unit: "dateTimeFromNow" },
    ...{ title: "Running since", term: "instance" },
    says: "When the youngest of the chosen instances began.",
    queries: [
      {
        promql: `max(process_start_time_seconds{${chosen}}) * 1000`,
        legend: "start",
        expect: { rows: [1, 1], values: { "*": [1.6e12, 1e13] } },
      },
    ],
  },
  {
    ...{ view: "table", unit: "short", width: 12 },
    ...{ title: "Builds and profiles", term: "profile" },
    says: "Which Millrace runs on what, and the profile in force.",
    queries: [
      {
        promql: `millrace_build_info{${chosen}} * on (instance) group_left (profile, vcpus, workers, inserts_max, insert_format, transcoder) millrace_profile_info`,
        legend: "",
        expect: { rows: [1, 1], values: { "*": [1, 1] } },
      },
    ],
  },
];

/** Kafka's group, and whatever else begins anew. */
export const group: readonly PanelRow[] = [
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Rebalances", term: "rebalance" },
    says: "How often the consumer group was joined, and the consumer was started again.",
    queries: [
      counted("millrace_rebalances_total", "joined"),
      counted("millrace_consumer_restarts_total", "consumer started again"),
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Repeated work", term: "bundle" },
    says: "Ranges of an earlier owner that were repeated, bundles given up to another owner, commits repeated, workers started again.",
    queries: [
      counted("millrace_replayed_ranges_total", "ranges repeated"),
      counted("millrace_abandoned_bundles_total", "bundles given up"),
      counted("millrace_commit_errors_total", "commits repeated"),
      counted("millrace_worker_restarts_total", "workers started again"),
    ],
  },
  {
    ...{ ...chart, unit: "short", steps: noneSteps },
    ...{ title: "Lost and unread", term: "lost" },
    says: "Offsets that retention deleted before they were read, and partitions that should be read and are not.",
    queries: [
      counted("millrace_lost_offsets_total", "lost offsets"),
      {
        promql: `sum(millrace_unread_places{${chosen}})`,
        legend: "unread partitions",
        expect: { rows: [1, 1], values: { "*": [0, 20] } },
      },
    ],
  },
];
