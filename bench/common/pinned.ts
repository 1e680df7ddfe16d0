import { execFileSync, spawn } from "node:child_process";
import { MillraceError } from "../../src/core/errors.ts";
import { allowedCores } from "./machine.ts";

/**
 * Cores of a budget: the first `vcpus` that this process may use, and those that are left over.
 *
 * @throws MillraceError E_CONFIG when taskset is absent or there are fewer cores than the budget has.
 */
export function coresFor(vcpus: number): { inside: number[]; outside: number[] } {
  requireTaskset();
  const cores = allowedCores();
  if (cores.length < vcpus) {
    throw new MillraceError("E_CONFIG", `--vcpus ${vcpus}: this machine lets us use ${cores.length} cores`);
  }
  return { inside: cores.slice(0, vcpus), outside: cores.slice(vcpus) };
}

function requireTaskset(): void {
  if (hasTaskset()) return;
  throw new MillraceError(
    "E_CONFIG",
    "taskset is not there: a vCPU budget cannot be enforced without it (Linux; Debian: apt-get install util-linux)",
  );
}

/** Whether a budget can be enforced on this machine. */
export function hasTaskset(): boolean {
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The command line that runs `command` on these cores only; its children stay there, too. */
export function onCores(cores: readonly number[], command: string, args: readonly string[]): [string, string[]] {
  return ["taskset", ["-c", cores.join(","), command, ...args]];
}

/**
 * Runs this program again, on these cores only, and waits for its end: all it starts inherits the cores, threads
 * included. Returns its exit code.
 */
export function runPinned(cores: readonly number[], script: string, args: readonly string[]): Promise<number> {
  const [command, all] = onCores(cores, process.execPath, [...process.execArgv, script, ...args]);
  return new Promise((resolve, reject) => {
    const child = spawn(command, all, { stdio: "inherit" });
    // The terminal's interrupt reaches the child by itself; a plain signal to us does not.
    const pass = (signal: NodeJS.Signals) => child.kill(signal);
    const ignore = () => {};
    process.on("SIGTERM", pass).on("SIGINT", ignore);
    child.on("error", reject);
    child.on("close", (code) => {
      process.off("SIGTERM", pass).off("SIGINT", ignore);
      resolve(code ?? 1);
    });
  });
}
