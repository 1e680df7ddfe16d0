import { once } from "node:events";

/** Ends what writes when the reader of the pipe goes away (`| head`): nobody wants the rest. */
export function onReaderGone(end: () => void): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") end();
  });
}

/**
 * Writes lines as fast as they are read, and no faster. Cut to the terminal's width, where there is one and `isWhole` is
 * not asked for.
 */
export async function writeLine(line: string, isWhole: boolean, signal: AbortSignal): Promise<void> {
  const { columns, isTTY } = process.stdout;
  const shown =
    isWhole || isTTY !== true || line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`;
  if (process.stdout.write(`${shown}\n`) || signal.aborted) return;
  await once(process.stdout, "drain", { signal }).catch(() => {});
}
