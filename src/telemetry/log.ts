import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import { REDACTED, redact } from "../core/redact.ts";

/** Members that hold secrets in the configurations that libraries put into their errors. */
const secretMembers = ["password", "passphrase", "token", "sasl", "ssl", "tls", "authorization"];

/**
 * The log goes to standard error: standard output belongs to a command's result. JSON lines for machines, readable lines
 * on a terminal. Secrets are taken out twice: members with their names, and every value that was loaded as a secret,
 * wherever in the line it is.
 */
export function createLog(level: string): Logger {
  const toTerminal = process.stderr.isTTY === true;
  const stream = toTerminal
    ? pretty({ destination: 2, sync: true, ignore: "pid,hostname" })
    : pino.destination({ fd: 2, sync: true });
  return pino({ level, base: null, ...withoutSecrets }, stream);
}

/** The part of pino's options that keeps secrets out. */
export const withoutSecrets = {
  redact: {
    paths: secretMembers.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
    censor: REDACTED,
  },
  hooks: { streamWrite: redact },
};
