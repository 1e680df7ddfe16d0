import { percent } from "../bounds.ts";
import type { Bounds, PanelRow } from "../panel-row.ts";
import { chosen, perSecond } from "../promql.ts";
import { fullSteps } from "../thresholds.ts";

const chart = { view: "series", seeds: ["S1-34"] } as const;
const one = (values: readonly [least: number, most: number]): Bounds => ({ rows: [1, 1], values: { "*": values } });
const each = (metric: string, legend: string, values: readonly [least: number, most: number]) => ({
  promql: `${metric}{${chosen}}`,
  legend: `${legend} {{instance}}`.trim(),
  expect: one(values),
});

/** What the process itself is busy with, and what it holds. */
export const processPanels: readonly PanelRow[] = [
  {
    ...{ ...chart, unit: "percent", steps: fullSteps },
    ...{ title: "Event loop and workers busy", term: "event-loop" },
    says: "Share of the time in which the main thread did not wait for events, and in which the workers had a task.",
    queries: [
      {
        promql: `100 * ${perSecond("millrace_event_loop_active_seconds_total")}`,
        legend: "event loop {{instance}}",
        expect: { ...one(percent), peak: 0.01 },
      },
      {
        promql: `100 * ${perSecond("millrace_worker_busy_seconds_total")} / on (instance) millrace_workers`,
        legend: "workers {{instance}}",
        expect: { ...one(percent), peak: 0.001 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Waiting and under way", term: "bundle" },
    says: "Bundles that wait for a worker, and bundles that were cut and are not acknowledged yet.",
    queries: [
      each("millrace_worker_queue_tasks", "wait for a worker", [0, 100]),
      each("millrace_bundles_under_way", "under way", [0, 100]),
    ],
  },
  {
    ...{ ...chart, unit: "bytes" },
    ...{ title: "Byte budget", term: "byte-budget" },
    says: "Bytes held between fetch and acknowledgement, and how many may be.",
    queries: [
      each("millrace_byte_budget_used_bytes", "used", [0, 1_000_000_000]),
      each("millrace_byte_budget_limit_bytes", "may be held", [1_000_000, 1_000_000_000]),
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Intake pauses", term: "byte-budget" },
    says: "Whether intake is paused now, and how often per second it was paused, because the byte budget was used up.",
    queries: [
      each("millrace_intake_paused", "paused", [0, 1]),
      {
        promql: `sum(${perSecond("millrace_intake_pauses_total")})`,
        legend: "pauses per second",
        expect: one([0, 1_000]),
      },
    ],
  },
  {
    ...{ ...chart, unit: "percent", isStacked: true },
    ...{ title: "Garbage collection", term: "garbage-collection" },
    says: "Share of the time in which the main thread collected garbage, by kind of collection.",
    queries: [
      {
        promql: `100 * sum by (kind) (${perSecond("millrace_gc_duration_seconds_total")})`,
        legend: "{{kind}}",
        expect: { rows: [1, 10], values: { "*": percent }, peak: 0.001 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "Garbage collections per second", term: "garbage-collection" },
    says: "How often the main thread collected garbage, by kind of collection.",
    queries: [
      {
        promql: `sum by (kind) (${perSecond("millrace_gc_runs_total")})`,
        legend: "{{kind}}",
        expect: { rows: [1, 10], values: { "*": [0, 1_000] }, peak: 0.01 },
      },
    ],
  },
  {
    ...{ ...chart, unit: "bytes" },
    ...{ title: "Memory", term: "memory" },
    says: "Resident memory of the ingester; embedded servers and the simulator are processes of their own.",
    queries: [each("process_resident_memory_bytes", "", [10_000_000, 2_000_000_000])],
  },
  {
    ...{ ...chart, unit: "short" },
    ...{ title: "CPU", term: "memory" },
    says: "CPU seconds per second: 1 is one vCPU, workers included.",
    queries: [
      {
        promql: perSecond("process_cpu_seconds_total"),
        legend: "{{instance}}",
        expect: { ...one([0, 64]), peak: 0.001 },
      },
    ],
  },
];
