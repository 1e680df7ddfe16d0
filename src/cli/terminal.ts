/** Whether a person sees what this process prints. Without a terminal all of it is lines of the log. */
export function hasTerminal(): boolean {
  return process.stdout.isTTY === true || process.stderr.isTTY === true;
}
