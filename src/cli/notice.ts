import { createLog } from "../telemetry/log.ts";
import { hasTerminal } from "./terminal.ts";

/** Says to whoever started the command what is neither its result nor its log. `error` is what the text is about. */
export type PrintNotice = (level: "warn" | "error", text: string, error?: unknown) => void;

/**
 * A sentence on standard error; for `start` without a terminal a line of the log, so that a container's output is of one
 * kind. The stack trace is for those who look for a fault in Millrace: with MILLRACE_LOG_LEVEL debug or trace.
 */
export function noticePrinter(
  args: readonly string[],
  level: string | undefined = process.env.MILLRACE_LOG_LEVEL,
): PrintNotice {
  const isLogged = args[0] === "start" && !hasTerminal();
  const withStack = level === "debug" || level === "trace";
  return (kind, text, error) => {
    const stack = withStack && error instanceof Error ? `\n${error.stack}` : "";
    if (isLogged) createLog("info")[kind](`${text}${stack}`);
    else console.error(`millrace: ${kind === "warn" ? "warning: " : ""}${text}${stack}`);
  };
}

export const printNotice: PrintNotice = noticePrinter(process.argv.slice(2));

/** An error that nobody foresaw, and what caused it, a line each. */
export function describeUnexpected(error: unknown): string {
  const lines: string[] = [];
  for (let at = error; at instanceof Error && lines.length < 8; at = at.cause) {
    lines.push(`${lines.length === 0 ? "unexpected error: " : "caused by: "}${at.name}: ${at.message}`);
  }
  if (lines.length === 0) lines.push(`unexpected error: ${String(error)}`);
  return [...lines, "(MILLRACE_LOG_LEVEL=debug shows where it comes from)"].join("\n");
}
