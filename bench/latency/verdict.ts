import type { LatencySummary, Stage } from "../../src/telemetry/stages.ts";
import type { ReplayReport } from "./replay-producer.ts";

export const processNames = ["generator", "broker", "clickhouse", "ingester"] as const;
export type ProcessName = (typeof processNames)[number];

/** What was seen at one rate. */
export interface StepFigures {
  vcpus: number;
  /** The load generator runs on cores of its own, outside the budget. */
  generatorOutside: boolean;
  eventsPerSecond: number;
  replay: ReplayReport;
  /** From the first event to the last commit, or to the end of patience. */
  wallMs: number;
  /** From the last event to the last commit. */
  drainMs: number;
  /** Records that were not committed when patience ended. */
  lag: number;
  cpuSeconds: Record<ProcessName, number>;
  rssMiBMax: Record<Exclude<ProcessName, "generator">, number>;
  latencyMs: Record<Stage, LatencySummary>;
}

export interface Verdict {
  holds: boolean;
  /** Why not; empty when it holds. */
  reasons: string[];
  /** The process that has the least room, with how much of a core it used. */
  limiting: string;
}

/** A generator this late at its 99th percentile does not offer the rate it claims. */
const GENERATOR_LATE_MS_MAX = 250;
/** Of the CPU there is: above it, something always waits. */
const SATURATED = 0.9;

/**
 * A rate holds when the generator could offer it, nothing was left behind, and 95 of 100 events were stored within the
 * limit. A lag that grew shows as a drain longer than the limit: at the end of the load it must be gone within it.
 */
export function judge(figures: StepFigures, e2eP95MsMax: number): Verdict {
  const { replay, latencyMs, lag, drainMs } = figures;
  const reasons: string[] = [];
  if (replay.failure !== undefined) reasons.push(`generator stopped: ${replay.failure}`);
  if (replay.lateMs.p99 > GENERATOR_LATE_MS_MAX) reasons.push(`generator late: p99 ${replay.lateMs.p99} ms`);
  if (lag > 0) reasons.push(`${lag} records behind ${Math.round(drainMs / 1_000)} s after the load`);
  else if (drainMs > e2eP95MsMax) reasons.push(`lag grew: ${Math.round(drainMs)} ms to catch up`);
  if (latencyMs.e2e.p95 > e2eP95MsMax) reasons.push(`e2e p95 ${latencyMs.e2e.p95} ms`);
  return { holds: reasons.length === 0, reasons, limiting: limitingProcess(figures, reasons.length === 0) };
}

function limitingProcess(figures: StepFigures, holds: boolean): string {
  const seconds = figures.wallMs / 1_000;
  const cores = (name: ProcessName) => figures.cpuSeconds[name] / seconds;
  const shown = (name: ProcessName) => `${name} ${cores(name).toFixed(2)} of a core`;
  // These two do their work on one thread: a whole core is all that they can use.
  for (const name of ["generator", "broker"] as const) if (cores(name) >= SATURATED) return shown(name);
  const inside = processNames.filter((name) => name !== "generator" || !figures.generatorOutside);
  const largest = inside.reduce((most, name) => (cores(name) > cores(most) ? name : most));
  const used = inside.reduce((sum, name) => sum + cores(name), 0);
  const total = `all ${used.toFixed(2)} of ${figures.vcpus}`;
  if (used >= SATURATED * figures.vcpus) return `CPU: ${shown(largest)}, ${total}`;
  if (holds) return `none (${total}; most: ${shown(largest)})`;
  const { latencyMs } = figures;
  const waits = (["fetch", "queue", "process", "insert"] as const).reduce((most, stage) =>
    latencyMs[stage].p95 > latencyMs[most].p95 ? stage : most,
  );
  return `ingester waits in ${waits} (${total})`;
}
