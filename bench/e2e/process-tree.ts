import { readdir, readFile } from "node:fs/promises";

/** Clock ticks a second of /proc/PID/stat: fixed at 100 in Linux' user interface (proc_pid_stat(5)). */
const TICKS_PER_SECOND = 100;
const KIB_PER_MIB = 1024;

interface Process {
  parent: number;
  /** Own time, and that of children that have ended and were waited for. */
  ticks: number;
}

/**
 * CPU time and peak memory of processes and all that they start (Linux only). Sampled: `sample()` has to be called now
 * and then, so that a child that ends unseen by its parent was seen at least here.
 */
export class ProcessTree {
  readonly #roots: readonly number[];
  readonly #peakKiB = new Map<number, number>();
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
    for (const peak of this.#peakKiB.values()) sum += peak;
    return Math.round(sum / KIB_PER_MIB);
  }

  async sample(): Promise<void> {
    if (this.#roots.length === 0) return;
    const processes = await readProcesses();
    const members = descendantsOf(processes, this.#roots);
    let ticks = 0;
    for (const pid of members) {
      ticks += processes.get(pid)!.ticks;
      const peak = await readPeakKiB(pid);
      if (peak > (this.#peakKiB.get(pid) ?? 0)) this.#peakKiB.set(pid, peak);
    }
    // Between the end of a child and its parent's wait, its time is in neither reading: never let the sum fall.
    this.#cpuSeconds = Math.max(this.#cpuSeconds, ticks / TICKS_PER_SECOND);
  }
}

async function readProcesses(): Promise<Map<number, Process>> {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const processes = new Map<number, Process>();
  await Promise.all(
    names.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => undefined);
      if (stat === undefined) return;
      // The command in field 2 may hold spaces and parentheses: fields are counted behind its last ")".
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const ownTicks = Number(fields[11]) + Number(fields[12]);
      const ticks = ownTicks + Number(fields[13]) + Number(fields[14]);
      processes.set(Number(name), { parent: Number(fields[1]), ticks });
    }),
  );
  return processes;
}

function descendantsOf(processes: Map<number, Process>, roots: readonly number[]): Set<number> {
  const members = new Set(roots.filter((pid) => processes.has(pid)));
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const [pid, { parent }] of processes) if (members.has(parent)) members.add(pid);
  }
  return members;
}

async function readPeakKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
}
