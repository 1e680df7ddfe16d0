const PARENT_POLL_MS = 500;

/**
 * Resolves at the first SIGINT or SIGTERM (or, for children, when standard input closes because the parent died). A
 * second signal ends the process at once, exit code 130.
 *
 * @param options.onStdinClose for children of Millrace: stop when standard input closes
 * @param options.onParentGone stop when another process becomes the parent. `npx` runs a command below a shell, and a
 * SIGTERM sent to it ends the shell only; what a person meant to stop would go on without anyone seeing it.
 */
export function untilStopped(options: { onStdinClose?: boolean; onParentGone?: boolean }): Promise<string> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (reason: string) => {
      if (stopping && reason.startsWith("SIG")) process.exit(130);
      stopping = true;
      resolve(reason);
    };
    process.on("SIGINT", () => stop("SIGINT"));
    process.on("SIGTERM", () => stop("SIGTERM"));
    if (options.onParentGone === true) {
      const parent = process.ppid;
      setInterval(() => process.ppid !== parent && stop("parent gone"), PARENT_POLL_MS).unref();
    }
    if (options.onStdinClose !== true) return;
    process.stdin.on("close", () => stop("stdin")).on("end", () => stop("stdin"));
    process.stdin.resume();
  });
}
