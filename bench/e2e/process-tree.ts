import { readdir } from "node:fs/promises";
import { type ProcessStat, readPeakMiB, readProcessStat } from "../../src/telemetry/process-usage.ts";

/**
 * CPU time and peak memory of processes and all that they start (Linux only). Sampled: `sample()` has to be called now
 * and then, so that a child that ends unseen by its parent was seen at least here.
 */
export class ProcessTree {
  readonly #roots: readonly number[];
  readonly #peakMiB = new Map<number, number>();
  /** Last reading of descendants; one that has gone counts with its parent's reading of ended children. */
  #cpuSeconds = 0;

  constructor(roots: readonly number[]) {
    this.#roots = roots;
  }

  get cpuSeconds(): number {
    return this.#cpuSeconds;
  }

  /** Sum of each process's own peak, in MiB: an upper bound of the tree's peak. */
  get rssMiBMax(): number {
    let sum = 0;
    for (const peak of this.#peakMiB.values()) sum += peak;
    return Math.round(sum);
  }

  async sample(): Promise<void> {
    if (this.#roots.length === 0) return;
    const processes = await readProcesses();
    const members = descendantsOf(processes, this.#roots);
    let cpuSeconds = 0;
    for (const pid of members) {
      const stat = processes.get(pid)!;
      cpuSeconds += stat.cpuSeconds + stat.childrenCpuSeconds;
      const peak = await readPeakMiB(pid);
      if (peak > (this.#peakMiB.get(pid) ?? 0)) this.#peakMiB.set(pid, peak);
    }
    // Between the end of a child and its parent's wait, its time is in neither reading: never let the sum fall.
    this.#cpuSeconds = Math.max(this.#cpuSeconds, cpuSeconds);
  }
}

async function readProcesses(): Promise<Map<number, ProcessStat>> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const processes = new Map<number, ProcessStat>();
  await Promise.all(
    names.map(async (name) => {
      const stat = await readProcessStat(Number(name));
      if (stat !== undefined) processes.set(Number(name), stat);
    }),
  );
  return processes;
}

function descendantsOf(processes: Map<number, ProcessStat>, roots: readonly number[]): Set<number> {
  const members = new Set(roots.filter((pid) => processes.has(pid)));
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const [pid, { parent }] of processes) if (members.has(parent)) members.add(pid);
  }
  return members;
}
