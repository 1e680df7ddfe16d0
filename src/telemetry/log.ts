import { type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { REDACTED, redact } from "../core/redact.ts";

/** Members that hold secrets in the configurations that libraries put into their errors. */
const secretMembers = ["password", "passphrase", "token", "sasl", "ssl", "tls", "authorization"];

/**
 * The log goes to standard error: standard output belongs to a command's result. JSON lines for machines, readable lines
 * on a terminal. Secrets are taken out twice: members with their names, and every value that was loaded as a secret,
 * wherever in the line it is.
 */
export function createLog(level: string): Logger {
  const stream = process.stderr.isTTY === true ? terminal(level) : pino.destination({ fd: 2, sync: true });
  return pino({ level, base: null, ...withoutSecrets }, stream);
}

/**
 * Written through `process.stderr`, which knows of the line that is rewritten below the log. Stack traces are for those
 * who look for a fault in Millrace: only with the level `debug` or `trace`.
 */
function terminal(level: string) {
  const stacks = level === "debug" || level === "trace";
  const toText = prettyFactory({
    colorize: process.env.NO_COLOR === undefined,
    translateTime: "SYS:HH:MM:ss",
    singleLine: !stacks,
    ignore: stacks ? "pid,hostname" : "pid,hostname,err.stack",
    ...(stacks ? {} : { errorLikeObjectKeys: [] }),
  });
  return { write: (line: string) => void process.stderr.write(toText(line)) };
}

/** The part of pino's options that keeps secrets out. */
export const withoutSecrets = {
  redact: {
    paths: secretMembers.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
    censor: REDACTED,
  },
  hooks: { streamWrite: redact },
};
