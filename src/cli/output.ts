import { format } from "node:util";
import { redact } from "../core/redact.ts";
import { aboveBottomLine } from "./bottom-line.ts";

/**
 * From now on nothing that this process writes to standard output or standard error shows a secret: not the results of
 * commands, not the text of an error that nobody expected, nor what a child process wrote before it failed. The log for
 * machines has the same protection of its own (src/telemetry/log.ts): it does not write through these streams.
 *
 * And what goes to a terminal goes above the line that is rewritten there. When the reader of a pipe goes away (`| head`),
 * only the output ends: what the command does, and its exit code, do not depend on who looks.
 */
export function guardOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", unlessReaderGone);
    const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
    stream.write = ((chunk: unknown, ...rest: unknown[]) => {
      if (typeof chunk !== "string") return write(chunk, ...rest);
      const text = redact(chunk);
      return stream.isTTY === true ? aboveBottomLine(text, () => write(text, ...rest)) : write(text, ...rest);
    }) as typeof stream.write;
  }
  // Deno's console does not write through these streams.
  console.log = (...values) => void process.stdout.write(`${format(...values)}\n`);
  console.error = (...values) => void process.stderr.write(`${format(...values)}\n`);
}

/** @throws the error, unless it says that nobody reads the output any longer. */
export function unlessReaderGone(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
}
