import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MillraceError } from "../core/errors.ts";
import { unlessAborted } from "../core/within.ts";
import { type ProcessUsage, readProcessUsage } from "../telemetry/process-usage.ts";
import { isDeno } from "../telemetry/runtime.ts";

const entry = fileURLToPath(new URL("../millrace.mjs", import.meta.url));
const USAGE_EVERY_MS = 1_000;
const ERROR_TAIL_CHARS = 4_000;

/** A part of Millrace that runs as a process of its own. */
export interface Child {
  name: string;
  pid: number;
  /** Each line of standard output as it comes. Set before the line that is waited for. */
  onLine(listener: (line: string) => void): void;
  /** Resolves with the exit code (null: by a signal) and the tail of standard error. */
  readonly ended: Promise<{ code: number | null; errorTail: string }>;
  /** Last known CPU time and peak memory, also after the end. */
  usage(): Promise<ProcessUsage>;
  /** SIGTERM, and SIGKILL when it has not ended within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** The command line that runs Millrace itself again under the same runtime. */
function runtimeArguments(): string[] {
  return isDeno ? ["run", "-A", entry] : [...process.execArgv, entry];
}

/**
 * Starts `millrace <args>` as a child.
 *
 * In a process group of its own: an interrupt typed at the terminal goes to the whole group, and would stop the servers
 * before the ingester has drained into them. Its standard input is a pipe that closes when this process dies, however it
 * dies; the child then stops by itself (`--stop-on-stdin-close`).
 */
export function startChild(name: string, args: string[], env: Record<string, string> = {}): Child {
  const child: ChildProcess = spawn(process.execPath, [...runtimeArguments(), ...args, "--stop-on-stdin-close"], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, ...env },
  });
  const pid = child.pid;
  if (pid === undefined) throw new MillraceError("E_EMBEDDED", `Cannot start ${name}: the process did not start`);
  let errorTail = "";
  let known: ProcessUsage = { cpuSeconds: 0, rssMiBMax: 0 };
  const listeners: ((line: string) => void)[] = [];
  let rest = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    errorTail = (errorTail + text).slice(-ERROR_TAIL_CHARS);
  });
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) for (const listener of listeners) listener(line);
  });
  const refresh = async () => {
    known = (await readProcessUsage(pid)) ?? known;
  };
  const timer = setInterval(refresh, USAGE_EVERY_MS);
  const ended = new Promise<{ code: number | null; errorTail: string }>((resolve) => {
    child.on("close", (code) => {
      clearInterval(timer);
      resolve({ code, errorTail });
    });
  });
  return {
    name,
    pid,
    ended,
    onLine: (listener) => listeners.push(listener),
    async usage() {
      await refresh();
      return known;
    },
    async stop(graceMs) {
      await refresh();
      child.kill("SIGTERM");
      const timeout = setTimeout(() => child.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(timeout);
    },
  };
}

/**
 * Waits for a line that `read` recognises.
 *
 * @throws MillraceError E_EMBEDDED with the child's last error output when it ends first or the time is over; the
 * signal's reason when it aborts.
 */
export async function waitForLine<T>(
  child: Child,
  read: (line: string) => T | undefined,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const found = new Promise<T>((resolve) => {
    child.onLine((line) => {
      const value = read(line);
      if (value !== undefined) resolve(value);
    });
  });
  const died = child.ended.then(({ code, errorTail }) => {
    throw new MillraceError("E_EMBEDDED", `Cannot start ${child.name}: it ended with code ${code}\n${errorTail}`);
  });
  const late = new Promise<never>((_, reject) => {
    const message = `Cannot start ${child.name}: not ready within ${timeoutMs} ms`;
    timer = setTimeout(() => reject(new MillraceError("E_EMBEDDED", message)), timeoutMs);
  });
  died.catch(() => {});
  try {
    const ready = Promise.race([found, died, late]);
    return await (signal === undefined ? ready : unlessAborted(ready, signal));
  } finally {
    clearTimeout(timer);
  }
}
