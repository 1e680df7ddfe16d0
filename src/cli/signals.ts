/**
 * Resolves at the first SIGINT or SIGTERM (or, for children, when standard input closes because the parent died). A
 * second signal ends the process at once, exit code 130.
 */
export function untilStopped(onStdinClose: boolean): Promise<string> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (reason: string) => {
      if (stopping && reason !== "stdin") process.exit(130);
      stopping = true;
      resolve(reason);
    };
    process.on("SIGINT", () => stop("SIGINT"));
    process.on("SIGTERM", () => stop("SIGTERM"));
    if (!onStdinClose) return;
    process.stdin.on("close", () => stop("stdin")).on("end", () => stop("stdin"));
    process.stdin.resume();
  });
}
