import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { MillraceError } from "../../src/core/errors.ts";
import { onCores } from "./pinned.ts";

const ERROR_TAIL_CHARS = 4_000;

/** A program that has everything prepared and waits for its start. */
export interface ReadyChild<Report> {
  /** Says "start", waits for the report. */
  run(): Promise<Report>;
  kill(): unknown;
}

/**
 * Starts a load generator in a process of its own, so that its CPU is told apart, on `cores` (empty: where this process
 * runs). It says "ready", waits for a line, does its work and prints its report as one line of JSON (bench/common/ready-entry.ts).
 *
 * @throws MillraceError E_INCOMPLETE with its error output when it fails.
 */
export async function startReadyChild<Report>(
  script: string,
  scriptArgs: readonly string[],
  cores: readonly number[],
): Promise<ReadyChild<Report>> {
  const args = [...process.execArgv, script, ...scriptArgs];
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
      return JSON.parse(await nextLine()) as Report;
    },
    kill,
  };
}
