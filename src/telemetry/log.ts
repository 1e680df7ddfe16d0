import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

/**
 * The log goes to standard error: standard output belongs to a command's result. JSON lines for machines, readable lines
 * on a terminal.
 */
export function createLog(level: string): Logger {
  const toTerminal = process.stderr.isTTY === true;
  const stream = toTerminal
    ? pretty({ destination: 2, sync: true, ignore: "pid,hostname" })
    : pino.destination({ fd: 2, sync: true });
  return pino({ level, base: null }, stream);
}
