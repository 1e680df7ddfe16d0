import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { runtimeText } from "../../src/telemetry/runtime.ts";

/** The folder that holds package.json. */
export const repositoryDirectory: string = fileURLToPath(new URL("../..", import.meta.url));

/** What a result was measured with: without it a figure means nothing later. */
export interface Machine {
  /** ISO 8601, UTC. */
  at: string;
  /** Short hash; "+" after it: the tree had changes that are in no commit. */
  commit: string;
  cpu: string;
  /** Logical CPUs of the machine, not of the budget. */
  cpus: number;
  memoryGiB: number;
  runtime: string;
}

export function describeMachine(): Machine {
  return {
    at: new Date().toISOString(),
    commit: currentCommit(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    runtime: runtimeText(),
  };
}

function currentCommit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd: repositoryDirectory,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+"}`;
  } catch {
    return "unknown"; // unpacked from an archive
  }
}

/** CPUs that this process may use, from its affinity mask (Linux, proc_pid_status(5)). */
export function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
