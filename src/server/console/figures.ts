import type { MetricSource } from "../../telemetry/metric-registry.ts";
import type { Sample } from "../../telemetry/metric-row.ts";

/** The catalogue's metrics at one moment: each is read at most once, by the same functions that `/metrics` reads it by. */
export class Figures {
  readonly #sources: ReadonlyMap<string, MetricSource>;
  readonly #read = new Map<string, Sample[]>();

  constructor(sources: ReadonlyMap<string, MetricSource>) {
    this.#sources = sources;
  }

  /** A value for each set of labels. What is not known has none. */
  samples(metric: string): Sample[] {
    const known = this.#read.get(metric);
    if (known !== undefined) return known;
    const source = this.#sources.get(metric);
    if (source === undefined || source.row.type === "histogram") throw new Error(`${metric} is no metric with values`);
    const samples = [...source.read()] as Sample[];
    this.#read.set(metric, samples);
    return samples;
  }

  /** Over all labels; NaN: not known. */
  sum(metric: string): number {
    const samples = this.samples(metric);
    return samples.length === 0 ? Number.NaN : samples.reduce((sum, [value]) => sum + value, 0);
  }

  /** The sum of a counter, which begins to exist with its first event. */
  counted(metric: string): number {
    return this.sum(metric) || 0;
  }

  max(metric: string): number {
    const samples = this.samples(metric);
    return samples.length === 0 ? Number.NaN : samples.reduce((max, [value]) => Math.max(max, value), 0);
  }

  /** All series of these metrics as `/metrics` names them, with their values. */
  series(metrics: readonly string[]): Record<string, number> {
    const entries = metrics.flatMap((metric) =>
      this.samples(metric).map(([value, ...texts]): [string, number] => [this.#seriesName(metric, texts), value]),
    );
    return Object.fromEntries(entries);
  }

  #seriesName(metric: string, texts: readonly string[]): string {
    if (texts.length === 0) return metric;
    const { labels } = this.#sources.get(metric)!.row;
    return `${metric}{${labels.map((label, index) => `${label}=${JSON.stringify(texts[index])}`).join(",")}}`;
  }
}
