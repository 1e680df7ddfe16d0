import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The program as a user starts it. */
export const millraceEntry: string = fileURLToPath(new URL("../millrace.mjs", import.meta.url));

export interface MillraceRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `millrace <args>` in a process of its own, as a user would. SIGTERM is sent when `stopWhen` resolves. */
export function runMillrace(
  args: string[],
  env: Record<string, string>,
  options: { stopWhen?: Promise<unknown> } = {},
): Promise<MillraceRun> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [millraceEntry, ...args], {
      env: { ...process.env, MILLRACE_LOG_LEVEL: "warn", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const run: MillraceRun = { code: null, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      run.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      run.stderr += text;
    });
    void options.stopWhen?.then(() => child.kill("SIGTERM"));
    child.on("close", (code) => resolve({ ...run, code }));
  });
}
