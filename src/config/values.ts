import { MillraceError } from "../core/errors.ts";

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads "250ms", "20s", "10m", "2h" or "7d" as milliseconds. @throws MillraceError E_CONFIG naming `option`. */
export function parseDurationMs(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) {
    throw new MillraceError(
      "E_CONFIG",
      `${option} ${text}: must be a number with a unit, such as 250ms, 20s, 10m, 2h, 7d`,
    );
  }
  return Number(match[1]) * unitMs[match[2]!]!;
}

/** Reads a whole number within bounds. @throws MillraceError E_CONFIG naming `option`, the value and the bound. */
export function parseCount(option: string, text: string, bounds: { min: number; max: number }): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < bounds.min || value > bounds.max) {
    throw new MillraceError(
      "E_CONFIG",
      `${option} ${text}: must be a whole number from ${bounds.min} to ${bounds.max}`,
    );
  }
  return value;
}

/** Reads one of a few words. @throws MillraceError E_CONFIG naming `option`, the word and the choices. */
export function parseChoice<const T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((word) => word === text);
  if (choice !== undefined) return choice;
  throw new MillraceError("E_CONFIG", `${option} ${text}: must be ${choices.join(" or ")}`);
}

/**
 * Reads a time: ISO 8601 ("2026-01-31T08:00:00Z", without a zone in UTC), or a duration before now ("2h"). In ms since
 * 1970.
 *
 * @throws MillraceError E_CONFIG naming `option`.
 */
export function parseTimeMs(option: string, text: string, nowMs: number): number {
  if (/^\d+(?:\.\d+)?[a-z]+$/.test(text)) return nowMs - parseDurationMs(option, text);
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? "00:00"}${match[3] ?? "Z"}`);
  if (!Number.isNaN(ms)) return ms;
  throw new MillraceError("E_CONFIG", `${option} ${text}: must be a time such as 2026-01-31T08:00:00Z, or 30m, 2h, 7d`);
}
