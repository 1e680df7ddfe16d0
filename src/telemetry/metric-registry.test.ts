import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { byName, byPartition, NAME_SERIES_MAX, PARTITION_SERIES_MAX } from "./bounded-samples.ts";
import { createRegistry, type MetricSource } from "./metric-registry.ts";
import type { Sample } from "./metric-row.ts";
import { gaugeRows, metricRows } from "./metric-rows.ts";
import { simulatorMetricRows } from "./simulator-metric-rows.ts";
import { bucketsOf, metricBoundsMs } from "./stage-buckets.ts";
import { newHistogram } from "./stages.ts";
import { parseExposition } from "./testing/exposition.ts";

const rows = [...metricRows, ...Object.values(simulatorMetricRows)];
const histogram = newHistogram();
histogram.recordValueWithCount(7, 3);

/** A value for each metric, whose labels hold what a text may not hold as it is. */
const sources = rows.map((row): MetricSource => {
  const texts = row.labels.map((label) => `${label} "of\\\n`);
  if (row.type === "histogram") return { row, read: () => [[bucketsOf(histogram), ...texts]] };
  return { row, read: () => [[1.5, ...texts]] };
});

it("tells each metric of the catalogue once, with its type, help and labels", async () => {
  const metrics = parseExposition(await createRegistry(sources).metrics());
  expect([...metrics.keys()]).toEqual(rows.map(({ name }) => name));
  for (const { name, type, help, labels } of rows) {
    const metric = metrics.get(name)!;
    expect([metric.type, metric.help], name).toEqual([type, help]);
    const [sample] = metric.samples.keys();
    for (const label of labels) expect(sample).toContain(`${label}="${label} \\"of\\\\\\n"`);
    expect(metric.samples.size).toBe(type === "histogram" ? metricBoundsMs.length + 3 : 1);
  }
});

const promtool = "/usr/bin/promtool";

it.skipIf(!existsSync(promtool))("promtool has nothing against it", async () => {
  const input = await createRegistry(sources).metrics();
  const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], { input, encoding: "utf8" });
  expect(`${stdout}${stderr}`).toBe("");
  expect(status).toBe(0);
});

it("names metrics as Prometheus wants it: base units, and _total for what only grows", () => {
  for (const { name, type, unit } of rows) {
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    if (unit === "seconds") expect(name).toMatch(/_seconds(_total)?$/);
    if (unit === "bytes") expect(name).toMatch(/_bytes(_total)?$/);
  }
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
});

it("says nothing of what is not known", async () => {
  const row = gaugeRows.lag;
  const registry = createRegistry([{ row, read: () => [] }]);
  expect(parseExposition(await registry.metrics()).get(row.name)!.samples.size).toBe(0);
});

it("buckets add up, whatever they are of", async () => {
  const row = gaugeRows.stageLatency;
  const read = () => [[bucketsOf(histogram), "e2e"] as const];
  const text = await createRegistry([{ row, read }]).metrics();
  const { samples } = parseExposition(text).get(row.name)!;
  const at = (what: string) => samples.get(`${row.name}${what}`);
  expect(at('_bucket{stage="e2e",le="0.0063"}')).toBe(0);
  expect(at('_bucket{stage="e2e",le="0.008"}')).toBe(3);
  expect(at('_bucket{stage="e2e",le="+Inf"}')).toBe(3);
  expect(at('_count{stage="e2e"}')).toBe(3);
  expect(at('_sum{stage="e2e"}')).toBeCloseTo(0.021);
});

it("bounds the series of partitions: of too many there is one a topic", () => {
  const partitions = (count: number) =>
    Array.from({ length: count }, (_, partition) => ({ topic: `t${partition % 2}`, partition, value: partition }));
  const add = (a: number, b: number) => a + b;
  expect(byPartition(partitions(PARTITION_SERIES_MAX), add)).toHaveLength(PARTITION_SERIES_MAX);
  const half = PARTITION_SERIES_MAX / 2;
  // 0 + 2 + … + 1000, and 1 + 3 + … + 999.
  expect(byPartition(partitions(PARTITION_SERIES_MAX + 1), add)).toEqual([
    [half * (half + 1), "t0", "all"],
    [half * half, "t1", "all"],
  ]);
  expect(byPartition([{ topic: "t", partition: 0, value: undefined }], add)).toEqual([]);
});

it("bounds the series of names: what comes after the first 200 is one", () => {
  const counts = Object.fromEntries(Array.from({ length: NAME_SERIES_MAX + 3 }, (_, index) => [`name${index}`, 2]));
  const samples = byName(counts);
  expect(samples).toHaveLength(NAME_SERIES_MAX + 1);
  expect(samples.at(-1)).toEqual([6, "other"] satisfies Sample);
});
