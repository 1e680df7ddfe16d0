import { readdir, readFile } from "node:fs/promises";

/** CPU seconds of a process by kind of thread; `rest` are V8's and libuv's helpers. */
export interface ThreadUsage {
  main: number;
  workers: number;
  rest: number;
}

/** What Node 24 calls a worker's thread. */
const WORKER_THREAD = "WorkerThread";
const NANOSECONDS_PER_SECOND = 1e9;

/**
 * From /proc/PID/task/TID/schedstat, which counts nanoseconds; /proc/PID/stat counts hundredths of a second, and an idle
 * process takes few of these. Zeros when the process is gone, and where there is no /proc.
 */
export async function readThreadUsage(pid: number): Promise<ThreadUsage> {
  const usage: ThreadUsage = { main: 0, workers: 0, rest: 0 };
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const read = (file: string) => readFile(`/proc/${pid}/task/${thread}/${file}`, "utf8").catch(() => "");
    const [name, schedule] = [await read("comm"), await read("schedstat")];
    const seconds = Number(schedule.split(" ", 1)[0]) / NANOSECONDS_PER_SECOND;
    if (thread === String(pid)) usage.main += seconds;
    else if (name.trim() === WORKER_THREAD) usage.workers += seconds;
    else usage.rest += seconds;
  }
  return usage;
}
