import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** Whether librdkafka's command-line client is here. In CI its absence is an error. */
export function hasKcat(): boolean {
  const found = spawnSync("kcat", ["-V"]).status === 0;
  if (!found && process.env.CI !== undefined) {
    throw new Error("kcat is not installed, and CI needs it (Debian: apt-get install kcat)");
  }
  if (!found) console.warn("skipped with kcat: it is not installed (Debian: apt-get install kcat)");
  return found;
}

/** Runs kcat. Not synchronous: an embedded broker may live in the test's own process. @throws Error when it fails. */
export async function kcat(args: string[], input = ""): Promise<void> {
  const child = spawn("kcat", args, { stdio: ["pipe", "ignore", "inherit"] });
  child.stdin.end(input);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`kcat ${args.join(" ")} ended with code ${code}`);
}
