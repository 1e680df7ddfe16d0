import { writeFile } from "node:fs/promises";
import { type ProcessUsage, readProcessUsage } from "../../src/telemetry/process-usage.ts";

/** CPU seconds and peak memory of processes between two moments. */
export interface CpuWindow<Name extends string> {
  /** Since the window was opened. */
  read(): Promise<Record<Name, ProcessUsage>>;
}

/**
 * Peak memory counts from here, too, where the kernel lets us reset it (proc_pid_clear_refs(5)); elsewhere since the
 * start of the process. A process that ended meanwhile keeps the figures that it had when the window was opened: zero CPU.
 */
export async function openCpuWindow<Name extends string>(pids: Record<Name, number>): Promise<CpuWindow<Name>> {
  const names = Object.keys(pids) as Name[];
  const now = async () =>
    new Map(await Promise.all(names.map(async (name) => [name, await readProcessUsage(pids[name])] as const)));
  await Promise.all(names.map((name) => writeFile(`/proc/${pids[name]}/clear_refs`, "5").catch(() => {})));
  const before = await now();
  return {
    async read() {
      const after = await now();
      const entries = names.map((name) => {
        const cpuSeconds = (after.get(name)?.cpuSeconds ?? 0) - (before.get(name)?.cpuSeconds ?? 0);
        return [name, { cpuSeconds: Math.max(0, round(cpuSeconds)), rssMiBMax: after.get(name)?.rssMiBMax ?? 0 }];
      });
      return Object.fromEntries(entries) as Record<Name, ProcessUsage>;
    },
  };
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
