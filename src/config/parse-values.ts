import { readDurationMs } from "../core/duration.ts";
import { MillraceError } from "../core/errors.ts";
import { readValue } from "./options/read-value.ts";

/** Reads "250ms", "20s", "10m", "2h" or "7d" as milliseconds. @throws MillraceError E_CONFIG naming `option`. */
export function parseDurationMs(option: string, text: string): number {
  return readValue({ kind: "duration" }, text, `${option} ${text}:`);
}

/** Reads a whole number within bounds. @throws MillraceError E_CONFIG naming `option`, the value and the bound. */
export function parseCount(option: string, text: string, bounds: { min: number; max: number }): number {
  return readValue({ kind: "count", ...bounds }, text, `${option} ${text}:`);
}

/** Reads one of a few words. @throws MillraceError E_CONFIG naming `option`, the word and the choices. */
export function parseChoice<const T extends string>(option: string, text: string, choices: readonly T[]): T {
  return readValue({ kind: "choice", choices }, text, `${option} ${text}:`) as T;
}

/**
 * Reads a time: ISO 8601 ("2026-01-31T08:00:00Z"; a day alone, or without a zone, in UTC), or a length of time before
 * now ("2h"). In ms since 1970.
 *
 * @throws MillraceError E_CONFIG naming `option`.
 */
export function parseTimeMs(option: string, text: string, nowMs: number): number {
  const agoMs = readDurationMs(text);
  if (agoMs !== undefined && agoMs <= nowMs) return nowMs - agoMs;
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? "00:00"}${match[3] ?? "Z"}`);
  if (ms >= 0) return ms;
  if (ms < 0 || agoMs !== undefined) throw new MillraceError("E_CONFIG", `${option} ${text}: is a time before 1970`);
  throw new MillraceError(
    "E_CONFIG",
    `${option} ${text}: must be a time such as 2026-01-31 or 2026-01-31T08:00:00Z, or a duration before now such as 30m, 2h, 7d`,
  );
}
