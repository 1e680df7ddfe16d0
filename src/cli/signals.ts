import { tell } from "./tell.ts";

const PARENT_POLL_MS = 500;

/**
 * A signal that follows another within this time is the same wish once more: a terminal sends Ctrl-C to its whole process
 * group, npm is in it and hands it on to its child, so that the child has it twice within some 40 ms.
 */
const SAME_WISH_MS = 1_000;

/**
 * Resolves at the first SIGINT or SIGTERM (or, for children, when standard input closes because the parent died). A signal
 * that comes a second later or more is a wish of its own, not to wait any longer: it ends the process at once, exit code
 * 130.
 *
 * @param options.onStdinClose for children of Millrace: stop when standard input closes
 * @param options.onParentGone stop when another process becomes the parent. `npx` runs a command below a shell, and a
 * SIGTERM sent to it ends the shell only; what a person meant to stop would go on without anyone seeing it.
 */
export function untilStopped(options: { onStdinClose?: boolean; onParentGone?: boolean }): Promise<string> {
  return new Promise((resolve) => {
    let askedMs: number | undefined;
    const stop = (reason: string) => {
      askedMs ??= performance.now();
      resolve(reason);
    };
    const onSignal = (signal: string) => {
      if (askedMs === undefined || performance.now() - askedMs < SAME_WISH_MS) return stop(signal);
      tell("warn", `${signal} once more: ended at once. What was under way is read again at the next start`);
      process.exit(130);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
    if (options.onParentGone === true) {
      const parent = process.ppid;
      setInterval(() => process.ppid !== parent && stop("parent gone"), PARENT_POLL_MS).unref();
    }
    if (options.onStdinClose !== true) return;
    process.stdin.on("close", () => stop("stdin")).on("end", () => stop("stdin"));
    process.stdin.resume();
  });
}
