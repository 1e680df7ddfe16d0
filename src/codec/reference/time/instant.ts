/** An exact point in time. */
export interface Instant {
  /** Seconds since 1970, rounded down: before 1970 it is negative and `nanos` still counts forwards. */
  seconds: number;
  /** 0 … 999,999,999. */
  nanos: number;
}

/** What a time reader makes of a text: an instant, or the reason why there is none. */
export type ReadTime = (text: string) => Instant | undefined;

/** Whole ticks of 10^-`scale` seconds, rounded down. Exact: a bigint, as 64 bits of nanoseconds need one. */
export function instantTicks(instant: Instant, scale: number): bigint {
  const fraction = Math.floor(instant.nanos / 10 ** (9 - scale));
  return BigInt(instant.seconds) * 10n ** BigInt(scale) + BigInt(fraction);
}
