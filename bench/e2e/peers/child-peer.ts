import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../../../src/core/errors.ts";
import { type GuardedProcess, spawnGuarded, tailOf } from "../../../src/testing/kafka/child-process.ts";

export interface ChildPeer {
  pid: number;
  /** Resolves when a line of its output contains the text that was waited for. */
  ready: Promise<void>;
  /** Rejects when it ends before `stop()`. */
  ended: Promise<void>;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
  /** Files that received its output. */
  stdoutFile: string;
  stderrFile: string;
}

const LOG_POLL_MS = 10;
const STOP_GRACE_MS = 60_000;

/**
 * Runs a peer as a process of its own under the bench's own Node and its flags (`node --cpu-prof bench/e2e/main.ts`
 * profiles the peers, too), its output in files of the work directory. It dies with the bench.
 */
export function startChildPeer(
  name: string,
  args: readonly string[],
  options: { workDirectory: string; env?: Record<string, string>; readyText: string },
): ChildPeer {
  const stdoutFile = join(options.workDirectory, `${name}.out`);
  const stderrFile = join(options.workDirectory, `${name}.log`);
  const running = spawnGuarded(process.execPath, [...process.execArgv, ...args], {
    stdoutFile,
    stderrFile,
    env: options.env ?? {},
  });
  let stopping = false;
  const ended = running.exited.then(async ({ code, signal }) => {
    if (stopping) return new Promise<void>(() => {});
    const log = await tailOf(stderrFile);
    throw new MillraceError("E_INCOMPLETE", `${name} ended with ${signal ?? `code ${code}`}; its log:\n${log}`);
  });
  ended.catch(() => {});
  return {
    pid: running.child.pid!,
    ready: untilLogged(running, [stdoutFile, stderrFile], options.readyText),
    ended,
    stdoutFile,
    stderrFile,
    async stop() {
      stopping = true;
      await running.stop(STOP_GRACE_MS);
    },
  };
}

/** Never settles when the process ends first: `ended` tells that. */
async function untilLogged(running: GuardedProcess, files: string[], text: string): Promise<void> {
  while (running.child.exitCode === null && running.child.signalCode === null) {
    for (const file of files) {
      if ((await readFile(file, "utf8").catch(() => "")).includes(text)) return;
    }
    await sleep(LOG_POLL_MS);
  }
  return new Promise(() => {});
}
