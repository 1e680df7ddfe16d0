import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { MillraceError } from "../../core/errors.ts";

/**
 * Starts the program and a reader of the inherited pipe. When this process ends, however it ends, the pipe closes,
 * the reader returns and kills the process group: no server outlives its test, not even after SIGKILL.
 */
const GUARDED = 'exec 3<&0; (read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & exec "$@" 3<&-';

export interface GuardedProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGTERM, then SIGKILL for the whole group after `graceMs`. Resolves when the process is gone. */
  stop(graceMs?: number): Promise<void>;
}

export interface GuardedOptions {
  /** File that receives standard output; default: the file of standard error. */
  stdoutFile?: string;
  stderrFile: string;
  /** File that becomes standard input; default: empty. */
  stdinFile?: string;
  env?: Record<string, string>;
  cwd?: string;
}

/** Starts a program in a process group of its own, with files as its standard streams. */
export function spawnGuarded(command: string, args: readonly string[], options: GuardedOptions): GuardedProcess {
  const stderr = openSync(options.stderrFile, "a");
  const stdout = options.stdoutFile === undefined ? stderr : openSync(options.stdoutFile, "w");
  const shell = `${GUARDED} <"$MILLRACE_STDIN"`;
  const child = spawn("/bin/sh", ["-c", shell, "sh", command, ...args], {
    detached: true,
    stdio: ["pipe", stdout, stderr],
    env: { ...process.env, ...options.env, MILLRACE_STDIN: options.stdinFile ?? "/dev/null" },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(stderr);
  if (stdout !== stderr) closeSync(stdout);
  child.stdin?.on("error", () => undefined); // EPIPE: the group is gone already
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("error", () => resolve({ code: 127, signal: null }));
    child.once("exit", (code, signal) => {
      child.stdin?.destroy();
      resolve({ code, signal });
    });
  });
  return { child, exited, stop: (graceMs = 10_000) => stop(child, exited, graceMs) };
}

async function stop(child: ChildProcess, exited: Promise<unknown>, graceMs: number): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
  const timer = setTimeout(() => killGroup(child.pid), graceMs);
  await exited;
  clearTimeout(timer);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // ESRCH: it ended between the timer and the signal
  }
}

/**
 * Runs a program to its end. Throws `E_KAFKA` with the tail of its standard error when it exits with another code
 * than 0 or takes longer than `timeoutMs`.
 */
export async function runGuarded(
  command: string,
  args: readonly string[],
  options: GuardedOptions & { timeoutMs: number },
): Promise<void> {
  const running = spawnGuarded(command, args, options);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(running.child.pid);
  }, options.timeoutMs);
  const { code, signal } = await running.exited;
  clearTimeout(timer);
  if (code === 0 && !late) return;
  const what = late ? `did not end within ${options.timeoutMs} ms` : `ended with ${signal ?? `code ${code}`}`;
  const shown = [command, ...args].map((word) => (word.length > 120 ? `${word.slice(0, 117)}...` : word)).join(" ");
  throw new MillraceError("E_KAFKA", `${shown} ${what}; its last lines:\n${await tailOf(options.stderrFile)}`);
}

/** The last `lines` lines of a text file; a missing file is an empty text. */
export async function tailOf(file: string, lines = 30): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-lines).join("\n");
}
