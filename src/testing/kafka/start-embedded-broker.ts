import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../../core/errors.ts";
import { spawnGuarded, tailOf } from "./child-process.ts";

const READY_TIMEOUT_MS = 60_000;

/** Starts the embedded broker in a child process with a temporary data folder. Throws `E_EMBEDDED` with its log. */
export async function startEmbeddedBroker(): Promise<{
  brokers: string;
  log(): Promise<string>;
  close(): Promise<void>;
}> {
  const home = await mkdtemp(join(tmpdir(), "millrace-broker-"));
  const stdoutFile = join(home, "ready");
  const stderrFile = join(home, "broker.log");
  const program = join(import.meta.dirname, "embedded-broker-process.ts");
  const running = spawnGuarded(process.execPath, [program, join(home, "data")], { stdoutFile, stderrFile });
  const close = async () => {
    await running.stop();
    await rm(home, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + READY_TIMEOUT_MS; ; await sleep(50)) {
    const port = /^(\d+)\n/.exec(await readFile(stdoutFile, "utf8"))?.[1];
    if (port !== undefined) return { brokers: `127.0.0.1:${port}`, log: () => tailOf(stderrFile), close };
    if (running.child.exitCode === null && Date.now() < deadline) continue;
    const log = await tailOf(stderrFile);
    await close();
    throw new MillraceError("E_EMBEDDED", `The embedded broker did not start; its log:\n${log}`);
  }
}
