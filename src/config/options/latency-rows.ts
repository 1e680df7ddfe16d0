import type { OptionRows } from "./option-row.ts";
import { jsonRow } from "./shared-rows.ts";

const YEARS_MS = 3_650 * 86_400_000;

/** What latency can be told apart by: `by` of the SQL view analytics.latency takes the same words. */
export const latencyDimensions = [
  ...(["service", "pipeline", "profile", "vcpus", "instance"] as const),
  ...(["kafka_cluster", "kafka_group"] as const),
] as const;
export type LatencyDimension = (typeof latencyDimensions)[number];

export const latencyRows = {
  sinceMs: {
    flag: "--since <duration>",
    type: { kind: "duration", min: 1_000, max: YEARS_MS },
    default: "10m",
    help: "how long ago the window begins",
  },
  untilMs: {
    flag: "--until <duration>",
    type: { kind: "duration", min: 1_000, max: YEARS_MS },
    otherwise: "now",
    help: "how long ago it ends",
  },
  by: {
    flag: "--by <list>",
    type: { kind: "list", of: { kind: "choice", choices: latencyDimensions } },
    help: "one line for each of these besides the stage",
    details:
      "Only `produce`, `fetch`, `pipeline` and `e2e` are known by service: the column that the pipeline's `latencyGroup` names.",
  },
  slowMs: {
    flag: "--slow <time>",
    type: { kind: "duration", min: 1, max: 604_800_000 },
    default: "1s",
    help: "records that took longer are counted as slow",
  },
  json: jsonRow,
} as const satisfies OptionRows;
