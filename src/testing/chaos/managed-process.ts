import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { readProcessUsage } from "../../telemetry/process-usage.ts";

/**
 * A shell script that starts the program given as its arguments, and sees to it that the program does not outlive the
 * chaos run.
 *
 * The shell first starts a guard in the background, which waits to read from descriptor 3. Then `exec` replaces the shell
 * by the program, so that the child's pid is the program's own. Descriptor 3 is a pipe that the chaos run holds open: when
 * the run ends, even by SIGKILL, the kernel closes it, `read` returns, and the guard kills the whole process group. SIGKILL
 * also ends a program that a signal has stopped.
 */
const GUARDED = '(read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & exec "$@" 3<&-';
const USAGE_EVERY_MS = 1_000;
const STOPPED_POLL_MS = 20;

export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process that may be killed, stopped and continued at any time. */
export interface ManagedProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessEnd>;
  readonly isRunning: boolean;
  /** A line for its standard input; a process that is gone ignores it. */
  writeLine(line: string): void;
  /** Sends a signal; nothing happens when the process is gone. */
  signal(name: NodeJS.Signals): void;
  /** SIGTERM (and SIGCONT, as a stopped process hears nothing), SIGKILL after `graceMs`. */
  stop(graceMs: number): Promise<ProcessEnd>;
  /** Waits until the process is stopped (SIGSTOP), or gone. False: neither within `timeoutMs`. */
  untilStopped(timeoutMs: number): Promise<boolean>;
}

/** The CPU time of all processes of a run together, those that have ended included. */
export class UsageTotal {
  readonly #secondsByPid = new Map<number, number>();

  /** Reads the process's CPU time once a second until it ends, because the system forgets it then. */
  follow(pid: number, exited: Promise<unknown>): void {
    const read = async () => {
      const usage = await readProcessUsage(pid);
      if (usage !== undefined) this.#secondsByPid.set(pid, usage.cpuSeconds);
    };
    const timer = setInterval(read, USAGE_EVERY_MS);
    exited.then(() => clearInterval(timer));
  }

  get cpuSeconds(): number {
    return [...this.#secondsByPid.values()].reduce((sum, seconds) => sum + seconds, 0);
  }
}

export interface ProcessSetup {
  /** The script that Node runs, and its arguments. */
  args: string[];
  logFile: string;
  env?: Record<string, string>;
  /** Hears each line of standard output, which then does not go into the log. */
  onLine?: (line: string) => void;
  usage: UsageTotal;
}

/** Starts a program of this project under the Node that runs this one. */
export function startProcess(setup: ProcessSetup): ManagedProcess {
  const log = openSync(setup.logFile, "a");
  const child: ChildProcess = spawn("/bin/sh", ["-c", GUARDED, "sh", process.execPath, ...setup.args], {
    detached: true,
    stdio: ["pipe", setup.onLine === undefined ? log : "pipe", log, "pipe"],
    env: { ...process.env, ...setup.env },
  });
  closeSync(log);
  const guard = child.stdio[3]!;
  guard.on("error", () => undefined);
  child.stdin!.on("error", () => undefined); // EPIPE: the process is gone
  let isRunning = true;
  const exited = new Promise<ProcessEnd>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      isRunning = false;
      guard.destroy();
      resolve({ code, signal });
    };
    child.once("error", () => end(127, null));
    child.once("exit", end);
  });
  if (setup.onLine !== undefined) readLines(child, setup.onLine);
  const pid = child.pid ?? -1;
  setup.usage.follow(pid, exited);
  const signal = (name: NodeJS.Signals) => {
    if (isRunning) child.kill(name);
  };
  return {
    pid,
    exited,
    get isRunning() {
      return isRunning;
    },
    writeLine(line) {
      if (isRunning) child.stdin!.write(`${line}\n`);
    },
    signal,
    async stop(graceMs) {
      signal("SIGTERM");
      signal("SIGCONT");
      const timer = setTimeout(() => signal("SIGKILL"), graceMs);
      const end = await exited;
      clearTimeout(timer);
      return end;
    },
    async untilStopped(timeoutMs) {
      for (const deadlineMs = Date.now() + timeoutMs; Date.now() < deadlineMs; await sleep(STOPPED_POLL_MS)) {
        if (!isRunning || (await isStopped(pid))) return true;
      }
      return false;
    },
  };
}

function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  let rest = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) onLine(line);
  });
}

/** Field 3 of /proc/PID/stat is T for a process that a signal has stopped. */
async function isStopped(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}
