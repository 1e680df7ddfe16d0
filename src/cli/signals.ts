import { printNotice } from "./notice.ts";

const PARENT_POLL_MS = 500;

/** Nobody asks twice within this time: a key that bounces, or a terminal and whoever started the process at once. */
const SAME_WISH_MS = 1_000;

/**
 * A terminal sends Ctrl-C to its whole process group; npm is in it and hands it on to its child, which has it twice. Mostly
 * within 2 ms, but npm has slept since the start: swapped out, or waiting on a busy machine, it is seconds late.
 * Whose copy never comes (the signal was sent to the process alone) has to ask a third time.
 */
const NPM_COPY_MS = 10_000;

/**
 * Tells of each reason to stop whether it is the first, the same wish, or one of its own. By the time at which it is
 * handled, which is later than that of its arrival where the thread was busy: nothing tells the other.
 *
 * @param isCopiedByNpm a SIGINT that follows a SIGINT is npm's copy, once
 */
export function createWishes(isCopiedByNpm: boolean): (reason: string, nowMs: number) => "first" | "same" | "again" {
  let first: { reason: string; ms: number } | undefined;
  let isCopyAwaited = isCopiedByNpm;
  return (reason, nowMs) => {
    if (first === undefined) {
      first = { reason, ms: nowMs };
      return "first";
    }
    const sinceMs = nowMs - first.ms;
    const isCopy = isCopyAwaited && reason === "SIGINT" && first.reason === "SIGINT" && sinceMs < NPM_COPY_MS;
    if (isCopy) isCopyAwaited = false;
    return isCopy || sinceMs < SAME_WISH_MS ? "same" : "again";
  };
}

/**
 * Resolves at the first SIGINT or SIGTERM (or, for children, when standard input closes because the parent died). A signal
 * that comes a second later or more, and is not npm's copy of the first, is a wish of its own, not to wait any longer: it
 * ends the process at once, exit code 130.
 *
 * @param options.onStdinClose for children of Millrace: stop when standard input closes
 * @param options.onParentGone stop when another process becomes the parent. `npx` runs a command below a shell, and a
 * SIGTERM sent to it ends the shell only; what a person meant to stop would go on without anyone seeing it.
 */
export function untilStopped(options: { onStdinClose?: boolean; onParentGone?: boolean }): Promise<string> {
  return new Promise((resolve) => {
    const wishOf = createWishes(process.env.npm_command !== undefined && process.stdin.isTTY === true);
    const ask = (reason: string) => {
      resolve(reason);
      return wishOf(reason, performance.now());
    };
    const onSignal = (signal: string) => {
      if (ask(signal) !== "again") return;
      printNotice("warn", `${signal} once more: ended at once. What was under way is read again at the next start`);
      process.exit(130);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
    if (options.onParentGone === true) {
      const parent = process.ppid;
      setInterval(() => process.ppid !== parent && ask("parent gone"), PARENT_POLL_MS).unref();
    }
    if (options.onStdinClose !== true) return;
    process.stdin.on("close", () => ask("stdin")).on("end", () => ask("stdin"));
    process.stdin.resume();
  });
}
