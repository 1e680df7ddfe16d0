/** The units that a length of time is written with, ascending. */
export const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads "500ms", "30s", "1.5m", "2h" or "7d" as whole milliseconds; undefined when it is none of these. Who asks says
 * what was wrong: options, pipeline files and times that may be a length before now have different words for it.
 */
export function readDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  return match === null ? undefined : Math.round(Number(match[1]) * durationUnitsMs[match[2]!]!);
}
