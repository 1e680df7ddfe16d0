/**
 * The closed list of Millrace's own errors. Retries, exit codes, alerts and tests use the code, never the text.
 *
 * `exit` is the process exit code when the error ends a command: 2 = the caller's input is wrong, 1 = the work failed.
 */
export const errorCodes = {
  E_CONFIG: { exit: 2 },
  E_PLAN: { exit: 2 },
  E_MIGRATION: { exit: 1 },
  E_DATA_DIR_HELD: { exit: 2 },
  E_EMBEDDED: { exit: 1 },
  E_KAFKA: { exit: 1 },
  E_CLICKHOUSE: { exit: 1 },
  E_WORKER: { exit: 1 },
  E_INCOMPLETE: { exit: 1 },
  E_GUARANTEE: { exit: 1 },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** An error with a code of the closed list. The message says what happened, where, and what to do. */
export class MillraceError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MillraceError";
    this.code = code;
  }
}
