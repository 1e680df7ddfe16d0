import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

export interface ProcessUsage {
  cpuSeconds: number;
  rssMiBMax: number;
}

/** Clock ticks a second of /proc/PID/stat: fixed at 100 in Linux' user interface (proc_pid_stat(5)). */
const TICKS_PER_SECOND = 100;

/**
 * CPU time and peak resident memory of a process. Linux: from /proc, exact. Elsewhere from `ps`, whose memory figure is
 * the current one. Undefined when the process is gone.
 */
export async function readProcessUsage(pid: number): Promise<ProcessUsage | undefined> {
  try {
    const [stat, status] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/status`, "utf8"),
    ]);
    // The command in field 2 may hold spaces and parentheses: fields are counted behind its last ")".
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[11]) + Number(fields[12]);
    const peakKiB = Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    return { cpuSeconds: ticks / TICKS_PER_SECOND, rssMiBMax: Math.round(peakKiB / 1024) };
  } catch {
    return process.platform === "linux" ? undefined : readFromPs(pid);
  }
}

async function readFromPs(pid: number): Promise<ProcessUsage | undefined> {
  try {
    const { stdout } = await promisify(execFile)("ps", ["-o", "time=,rss=", "-p", String(pid)]);
    const [time = "0", rssKiB = "0"] = stdout.trim().split(/\s+/);
    const cpuSeconds = time.split(/[:-]/).reduce((total, part) => total * 60 + Number(part), 0);
    return { cpuSeconds, rssMiBMax: Math.round(Number(rssKiB) / 1024) };
  } catch {
    return undefined;
  }
}
