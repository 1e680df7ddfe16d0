import { redact } from "../core/redact.ts";

/**
 * From now on nothing that this process writes to standard output or standard error shows a secret: not the results of
 * commands, not the text of an error that nobody expected, nor what a child process wrote before it failed. The log has
 * the same protection of its own (src/telemetry/log.ts): it does not write through these streams.
 */
export function hideSecretsInOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (chunk: unknown, ...rest: unknown[]) => boolean;
    stream.write = ((chunk: unknown, ...rest: unknown[]) =>
      write(typeof chunk === "string" ? redact(chunk) : chunk, ...rest)) as typeof stream.write;
  }
}
