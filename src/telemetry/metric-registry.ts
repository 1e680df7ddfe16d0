import { type Metric, Registry } from "prom-client";
import type { HistogramRow, Sample, ValueRow } from "./metric-row.ts";
import { type Buckets, metricBoundsMs } from "./stage-buckets.ts";

/** A row, and how its values are read. One that yields nothing is told without values: what is not known is not 0. */
export type MetricSource = ValueSource | BucketSource;
type ValueSource = { row: ValueRow; read: () => Iterable<Sample> };
type BucketSource = { row: HistogramRow; read: () => Iterable<BucketSample> };

export type BucketSample = readonly [buckets: Buckets, ...labels: string[]];

interface Value {
  value: number;
  metricName?: string;
  labels: Record<string, string>;
}

/**
 * The metrics of these rows, each read when somebody asks for it. prom-client's own kinds keep values that have to be told
 * of every event; here they are kept already, for the report, and the registry only has to ask.
 *
 * A registry for each run: the global one of prom-client would hold what a run before has left.
 */
export function createRegistry(sources: readonly MetricSource[]): Registry {
  const registry = new Registry();
  for (const source of sources) {
    const { name, help, type } = source.row;
    const get = async () => ({ name, help, type, values: valuesOf(source), aggregator: "sum" });
    // What a registry asks a metric for is its name and this.
    registry.registerMetric({ name, get } as unknown as Metric);
  }
  return registry;
}

function valuesOf(source: MetricSource): Value[] {
  if (isHistogram(source)) return [...source.read()].flatMap((sample) => valuesOfBuckets(source.row, sample));
  const { labels } = source.row;
  return [...source.read()].map(([value, ...texts]) => ({ value, labels: named(labels, texts) }));
}

function isHistogram(source: MetricSource): source is BucketSource {
  return source.row.type === "histogram";
}

const bounds = [...metricBoundsMs.map((boundMs) => String(boundMs / 1000)), "+Inf"];

function valuesOfBuckets({ name, labels }: HistogramRow, [buckets, ...texts]: BucketSample): Value[] {
  const own = named(labels, texts);
  const counts = [...buckets.counts, buckets.count];
  return [
    ...counts.map((value, index) => ({ metricName: `${name}_bucket`, value, labels: { ...own, le: bounds[index]! } })),
    { metricName: `${name}_sum`, value: buckets.sumSeconds, labels: own },
    { metricName: `${name}_count`, value: buckets.count, labels: own },
  ];
}

function named(names: readonly string[], texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, texts[index]!]));
}
