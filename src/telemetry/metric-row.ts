import type { CounterRow, Where } from "./counter-row.ts";
import { counterRows } from "./counter-rows.ts";

/** A metric as Prometheus knows it. `/metrics`, its tests and docs/metrics.md are made of rows. */
export type MetricRow = ValueRow | HistogramRow;

/** One value for each set of labels. */
export type ValueRow = Row<"counter" | "gauge">;
export type HistogramRow = Row<"histogram">;

interface Row<Type> {
  name: string;
  type: Type;
  unit: string;
  /** In the order in which samples name their values. */
  labels: readonly string[];
  help: string;
  where: Where | "simulator";
}

/** One value of a metric, and what its labels say, in the order of the row's. */
export type Sample = readonly [value: number, ...labels: string[]];

/** A counter as a metric; undefined for one that has none. */
export function metricOf({ metric, kind, unit, metricLabel, help, where }: CounterRow): ValueRow | undefined {
  if (metric === undefined) return undefined;
  const labels = metricLabel === undefined ? [] : [metricLabel];
  return { name: metric, type: kind === "now" ? "gauge" : "counter", unit, labels, help: `${unit}: ${help}`, where };
}

/** Those that are counted (counter-rows.ts), as metrics. */
export const counterMetricRows: readonly ValueRow[] = (counterRows as readonly CounterRow[])
  .map(metricOf)
  .filter((row) => row !== undefined);
