import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { MillraceError } from "../../src/core/errors.ts";
import { onCores } from "../common/pinned.ts";
import type { ReplayOptions, ReplayReport } from "./replay-producer.ts";

const script = fileURLToPath(new URL("replay-producer.ts", import.meta.url));
const ERROR_TAIL_CHARS = 4_000;

/** A load generator that has everything prepared and waits for its start. */
export interface ReplayChild {
  run(): Promise<ReplayReport>;
  kill(): unknown;
}

/**
 * Starts the load generator in a process of its own, on `cores` (empty: where this process runs).
 *
 * @throws MillraceError E_INCOMPLETE with its error output when it fails.
 */
export async function startReplay(options: ReplayOptions, cores: readonly number[]): Promise<ReplayChild> {
  const args = [...process.execArgv, script, "--brokers", options.brokers.join(",")];
  args.push("--eps", String(options.eventsPerSecond), "--duration", `${options.durationMs}ms`);
  args.push("--compression", options.compression, "--seed", String(options.seed));
  const [command, all] = cores.length === 0 ? [process.execPath, args] : onCores(cores, process.execPath, args);
  const child = spawn(command, all, { stdio: ["pipe", "pipe", "pipe"] });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-ERROR_TAIL_CHARS);
  });
  // Its input ends with this process, but it reads no input while it sends.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("close", () => process.off("exit", kill));
  child.stdin.on("error", () => {}); // it died: said by the end of its output
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done !== true) return value;
    throw new MillraceError("E_INCOMPLETE", `the load generator ended early\n${errors}`);
  };
  const ready = await nextLine();
  if (ready !== "ready") throw new MillraceError("E_INCOMPLETE", `the load generator said ${ready} instead of ready`);
  return {
    async run() {
      child.stdin.write("start\n");
      return JSON.parse(await nextLine()) as ReplayReport;
    },
    kill,
  };
}
