import { stages } from "../../src/telemetry/stages.ts";
import type { StepResult } from "./ladder.ts";
import { processNames } from "./verdict.ts";

export const latencyHeader: string[] = ["vCPU", "profile", "events/s", "holds", ...stages];
export const cpuHeader: string[] = [
  "vCPU",
  "profile",
  "events/s",
  ...processNames.map((name) => `${name} CPU s`),
  "µs per event",
  "generator late p99 ms",
  "ClickHouse MiB",
  "ingester MiB",
  "least room",
];

/** One line per step: p50/p95/p99 of every stage in milliseconds. */
export function latencyRows(results: readonly StepResult[]): string[][] {
  return results.map((result) => [
    String(result.vcpus),
    result.profile,
    String(result.eventsPerSecond),
    result.holds ? "yes" : `no: ${result.reasons.join("; ")}`,
    ...stages.map((stage) => {
      const { p50, p95, p99 } = result.latencyMs[stage];
      return `${p50}/${p95}/${p99}`;
    }),
  ]);
}

/** One line per step: who used the CPU. µs per event: ingester and ClickHouse, broker and generator left out. */
export function cpuRows(results: readonly StepResult[]): string[][] {
  return results.map((result) => {
    const { cpuSeconds, rssMiBMax, replay } = result;
    const perEvent = ((cpuSeconds.ingester + cpuSeconds.clickhouse) * 1e6) / Math.max(1, replay.acknowledged);
    return [
      String(result.vcpus),
      result.profile,
      String(result.eventsPerSecond),
      ...processNames.map(
        (name) => `${cpuSeconds[name].toFixed(1)}${name === "generator" && result.generatorOutside ? "*" : ""}`,
      ),
      perEvent.toFixed(1),
      String(replay.lateMs.p99),
      String(rssMiBMax.clickhouse),
      String(rssMiBMax.ingester),
      result.limiting,
    ];
  });
}
