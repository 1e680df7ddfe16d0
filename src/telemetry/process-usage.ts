import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

export interface ProcessUsage {
  cpuSeconds: number;
  rssMiBMax: number;
}

/** Clock ticks a second of /proc/PID/stat: fixed at 100 in Linux' user interface (proc_pid_stat(5)). */
const TICKS_PER_SECOND = 100;
const KIB_PER_MIB = 1024;

/** What Linux tells of a process in /proc/PID/stat. */
export interface ProcessStat {
  parent: number;
  cpuSeconds: number;
  /** Of children that have ended and were waited for. */
  childrenCpuSeconds: number;
}

/**
 * CPU time and peak resident memory of a process. Linux: from /proc, exact. Elsewhere from `ps`, whose memory figure is
 * the current one. Undefined when the process is gone.
 */
export async function readProcessUsage(pid: number): Promise<ProcessUsage | undefined> {
  const [stat, rssMiBMax] = await Promise.all([readProcessStat(pid), readPeakMiB(pid)]);
  if (stat !== undefined) return { cpuSeconds: stat.cpuSeconds, rssMiBMax: Math.round(rssMiBMax) };
  return process.platform === "linux" ? undefined : readFromPs(pid);
}

/** Undefined when the process is gone, and where there is no /proc. */
export async function readProcessStat(pid: number): Promise<ProcessStat | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The command in field 2 may hold spaces and parentheses: fields are counted after its last ")".
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const seconds = (user: number, system: number) => (Number(fields[user]) + Number(fields[system])) / TICKS_PER_SECOND;
  return { parent: Number(fields[1]), cpuSeconds: seconds(11, 12), childrenCpuSeconds: seconds(13, 14) };
}

/** Peak resident memory; 0 when the process is gone, and where there is no /proc. */
export async function readPeakMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / KIB_PER_MIB;
}

async function readFromPs(pid: number): Promise<ProcessUsage | undefined> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "time=,rss=", "-p", String(pid)]);
    const [time = "0", rssKiB = "0"] = stdout.trim().split(/\s+/);
    const cpuSeconds = time.split(/[:-]/).reduce((total, part) => total * 60 + Number(part), 0);
    return { cpuSeconds, rssMiBMax: Math.round(Number(rssKiB) / KIB_PER_MIB) };
  } catch {
    return undefined;
  }
}
