import { readFileSync, type Stats, statSync } from "node:fs";
import { MillraceError } from "../core/errors.ts";
import { rememberSecret, SECRET_CHARS_MIN } from "../core/redact.ts";

/** Environment variables, as `process.env` has them. */
export type Variables = Record<string, string | undefined>;

/** Keys, certificates and passwords are kilobytes: what is larger is the wrong file. */
const FILE_BYTES_MAX = 1024 * 1024;
const READABLE_BY_ALL = 0o004;

/** What was found wrong and is no reason to refuse: one sentence each. */
export type Warnings = string[];

/**
 * A secret from the variable `name`, or from the file that `<name>_FILE` names, without the line end that editors add.
 * It is remembered, so that no output shows it.
 *
 * @throws MillraceError E_CONFIG that names the variable, and the file, never the value.
 */
export function readSecret(env: Variables, name: string, warnings: Warnings): string | undefined {
  const direct = env[name];
  const fileVariable = `${name}_FILE`;
  const file = env[fileVariable];
  if (direct !== undefined && file !== undefined) {
    throw new MillraceError("E_CONFIG", `${name} and ${fileVariable} are both set: set one of them`);
  }
  if (direct !== undefined) return takeSecret(direct, name, warnings);
  if (file === undefined) return undefined;
  const text = readSecretFile(fileVariable, file, warnings).replace(/\r?\n$/, "");
  return takeSecret(text, `${fileVariable}: ${file}`, warnings);
}

/**
 * The text of a file that nobody else should read; one that everybody can read is a warning.
 *
 * @throws MillraceError E_CONFIG that names the variable and the file.
 */
export function readSecretFile(variable: string, file: string, warnings: Warnings): string {
  const { text, stats } = readConfiguredFile(variable, file);
  if ((stats.mode & READABLE_BY_ALL) !== 0) {
    warnings.push(`${variable}: ${file} can be read by every user of this machine; chmod 600 it`);
  }
  return text;
}

/** @throws MillraceError E_CONFIG that names the variable and the file: missing, unreadable, no file, too large. */
export function readConfiguredFile(variable: string, file: string): { text: string; stats: Stats } {
  const refuse = (what: string, cause?: unknown) =>
    new MillraceError("E_CONFIG", `${variable}: ${file} ${what}`, { cause });
  try {
    const stats = statSync(file);
    if (!stats.isFile()) throw refuse("is not a file");
    if (stats.size > FILE_BYTES_MAX) throw refuse(`has ${stats.size} bytes: at most ${FILE_BYTES_MAX} are read`);
    return { text: readFileSync(file, "utf8"), stats };
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw refuse("does not exist", error);
    if (code === "EACCES") throw refuse("cannot be read: this user may not", error);
    throw refuse(`cannot be read (${message})`, error);
  }
}

/**
 * A secret on a command line can be read by every user of the machine, and stays in the shell's history.
 *
 * @throws MillraceError E_CONFIG that names the option, without its value.
 */
export function refuseSecretArguments(args: readonly string[]): void {
  for (const argument of args) {
    const option = /^--[\w-]*(?:password|passphrase|secret|token|api-?key)(?==|$)/i.exec(argument)?.[0];
    if (option !== undefined) {
      throw new MillraceError(
        "E_CONFIG",
        `${option}: no secret is taken from the command line, where every user of this machine can read it. ` +
          "Use the environment or a file: KAFKA_SASL_PASSWORD, CLICKHOUSE_PASSWORD, MILLRACE_HTTP_TOKEN, each also with _FILE",
      );
    }
    if (/^(?:--[\w-]+=)?[a-z][a-z0-9+.-]*:\/\/[^/\s]*@/i.test(argument)) {
      throw new MillraceError(
        "E_CONFIG",
        "An address on the command line has credentials in it: put them into KAFKA_SASL_USERNAME and " +
          "KAFKA_SASL_PASSWORD, or CLICKHOUSE_USER and CLICKHOUSE_PASSWORD",
      );
    }
  }
}

function takeSecret(secret: string, where: string, warnings: Warnings): string {
  if (secret === "") throw new MillraceError("E_CONFIG", `${where} is empty: leave it out, or put the secret there`);
  if (secret.includes("\0") || /[\r\n]/.test(secret)) {
    throw new MillraceError("E_CONFIG", `${where} has more than one line, or a NUL: must be the secret alone`);
  }
  rememberSecret(secret);
  if (secret.length < SECRET_CHARS_MIN) {
    warnings.push(`${where} has fewer than ${SECRET_CHARS_MIN} characters: it can be guessed, and not hidden in logs`);
  }
  return secret;
}
