import { powerOfTen } from "./powers-of-ten";

/**
 * An exact point in time. The readers of time leave their result in these two globals, as a function returns one number
 * only.
 */

/** Seconds since 1970, rounded down: before 1970 it is negative and `instantNanos` still counts forwards. */
export let instantSeconds: i64 = 0;
/** 0 … 999,999,999. */
let instantNanos: u32 = 0;

@inline
export function setInstant(seconds: i64, nanos: u32): void {
  instantSeconds = seconds;
  instantNanos = nanos;
}

/** 1900-01-01 … 2299-12-31 23:59:59: the documented range of DateTime64, in seconds. */
const LEAST_SECONDS: i64 = -2_208_988_800;
const END_SECONDS: i64 = 10_413_792_000;
/** Where nanoseconds leave 64 bits: 2262-04-11 23:47:16.854775807 is the last. */
const NANOS_SECONDS_MAX: i64 = 9_223_372_036;
const NANOS_NANOS_MAX: u32 = 854_775_807;

/** What `instantTicks` returns for an instant outside DateTime64: no instant inside has this number at any scale. */
export const NO_TICKS: i64 = i64.MIN_VALUE;

/** The instant in ticks of 10^-`scale` seconds (0 … 9), rounded down, or NO_TICKS when DateTime64 cannot hold it. */
export function instantTicks(scale: u32): i64 {
  const seconds = instantSeconds;
  const nanos = instantNanos;
  if (seconds < LEAST_SECONDS || seconds >= END_SECONDS) return NO_TICKS;
  if (scale == 3) return seconds * 1_000 + <i64>(nanos / 1_000_000);
  if (scale == 9 && (seconds > NANOS_SECONDS_MAX || (seconds == NANOS_SECONDS_MAX && nanos > NANOS_NANOS_MAX))) {
    return NO_TICKS;
  }
  return seconds * <i64>powerOfTen(scale) + <i64>(nanos / <u32>powerOfTen(9 - scale));
}

/** Whether a count of ticks is inside DateTime64 of this scale. */
export function areTicksInRange(ticks: i64, scale: u32): bool {
  const tick = <i64>powerOfTen(scale);
  // The end of the range times 10^9 is beyond 64 bits: there every positive count is inside.
  return ticks >= LEAST_SECONDS * tick && (scale == 9 || ticks < END_SECONDS * tick);
}
