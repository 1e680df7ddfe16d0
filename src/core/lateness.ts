/**
 * Lateness: how far an event's time lies behind the Kafka time of its record. It is a property of the event (a phone that
 * was offline, a replayed file), not of Millrace, so it is counted in bands instead of measured (S3-11, S4-9). Up to a
 * minute behind is on time. The names are labels of metrics and keys of the end report.
 */
export const latenessBands = [
  { name: "1m-10m", aboveMs: 60_000 },
  { name: "10m-1h", aboveMs: 600_000 },
  { name: "1h-1d", aboveMs: 3_600_000 },
  { name: "1d-3d", aboveMs: 86_400_000 },
  { name: "3d-7d", aboveMs: 3 * 86_400_000 },
  { name: "over-7d", aboveMs: 7 * 86_400_000 },
] as const;

export type LatenessBand = (typeof latenessBands)[number]["name"];

/** Rows by band. */
export type LateRows = Record<LatenessBand, number>;

/** An event further behind its record than this is in no latency stage that begins at its own time. */
export const latencyLagMsMax = 3_600_000;

export function noLateRows(): LateRows {
  return Object.fromEntries(latenessBands.map(({ name }) => [name, 0])) as LateRows;
}

/** The band of a row whose event lies `lagMs` behind its record; undefined: on time, ahead, or without a time (NaN). */
export function latenessBandOf(lagMs: number): LatenessBand | undefined {
  return latenessBands.findLast(({ aboveMs }) => lagMs > aboveMs)?.name;
}
