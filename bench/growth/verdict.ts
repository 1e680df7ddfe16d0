import type { GrowthFigures } from "./run-case.ts";

const REFERENCE_PARTITIONS = 10;
/** At this rate: what so many partitions may cost, in CPU an event and in e2e p95, of what ten cost. */
const RATIO_RATE = 5_000;
const ratioMax: Record<number, number> = { 256: 1.3, 1024: 2 };
const fastMax = { partitions: 256, eventsPerSecond: 50_000, e2eP95Ms: 600 };

/** What misses its target, one sentence each. Values and rates that have no target are not judged. */
export function judgePartitions(all: readonly GrowthFigures[]): string[] {
  const late = all.filter(({ keptRate }) => !keptRate);
  const missed = late.map((run) => `${run.value} partitions at ${run.eventsPerSecond}/s: the rate was not kept`);
  const atRate = all.filter(({ eventsPerSecond }) => eventsPerSecond === RATIO_RATE);
  const reference = atRate.find(({ value }) => value === REFERENCE_PARTITIONS);
  for (const run of reference === undefined ? [] : atRate) {
    const allowed = ratioMax[run.value];
    if (allowed === undefined) continue;
    const ratios = {
      "CPU an event": run.cpuMicrosPerEvent.both / reference!.cpuMicrosPerEvent.both,
      "e2e p95": run.e2eMs.p95 / reference!.e2eMs.p95,
    };
    for (const [what, ratio] of Object.entries(ratios)) {
      if (ratio <= allowed) continue;
      missed.push(`${run.value} partitions: ${what} is ${ratio.toFixed(2)} times that of 10, allowed ${allowed}`);
    }
  }
  for (const run of all) {
    if (run.value !== fastMax.partitions || run.eventsPerSecond !== fastMax.eventsPerSecond) continue;
    if (run.e2eMs.p95 <= fastMax.e2eP95Ms) continue;
    missed.push(`256 partitions at 50000/s: e2e p95 is ${run.e2eMs.p95} ms, allowed ${fastMax.e2eP95Ms}`);
  }
  return missed;
}
