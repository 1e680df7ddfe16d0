import type { GrowthFigures } from "./run-case.ts";

export const growthHeader: string[] = [
  "events/s",
  "CPU µs an event",
  "ingester",
  "ClickHouse",
  "broker",
  "e2e p50/p95/p99 ms",
  "inserts/s",
  "new parts/s",
  "ingester MiB",
  "ClickHouse MiB",
  "generator",
];

/** One line a run, the axis' value first. CPU an event: ingester and ClickHouse; the broker's apart. */
export function growthRows(all: readonly GrowthFigures[]): string[][] {
  return all.map((figures) => {
    const { cpuMicrosPerEvent: cpu, e2eMs, rssMiBMax, generatorBusy } = figures;
    return [
      String(figures.value),
      String(figures.eventsPerSecond),
      cpu.both.toFixed(1),
      cpu.ingester.toFixed(1),
      cpu.clickhouse.toFixed(1),
      cpu.broker.toFixed(1),
      `${e2eMs.p50}/${e2eMs.p95}/${e2eMs.p99}`,
      figures.insertsPerSecond.toFixed(1),
      figures.partsPerSecond.toFixed(1),
      String(rssMiBMax.ingester),
      String(rssMiBMax.clickhouse),
      `${(generatorBusy * 100).toFixed(0)} % of a core${figures.keptRate ? "" : ", behind"}`,
    ];
  });
}

/** Of several runs of the same case the one with the median CPU: a whole run, so that its figures belong together. */
export function medianRuns(runs: readonly GrowthFigures[]): GrowthFigures[] {
  const cases = Map.groupBy(runs, ({ value, eventsPerSecond }) => `${value} ${eventsPerSecond}`);
  return [...cases.values()].map((same) => {
    const ordered = same.toSorted((one, other) => one.cpuMicrosPerEvent.both - other.cpuMicrosPerEvent.both);
    return ordered[Math.floor((ordered.length - 1) / 2)]!;
  });
}
