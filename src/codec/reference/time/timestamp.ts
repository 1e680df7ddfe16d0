import type { Instant } from "./instant.ts";

/** The end of what `Date` can show, in seconds. */
const shownSecondsMax = 8_640_000_000_000;

/** A time that a document holds as a time: MessagePack's timestamp, Fluentd's EventTime. */
export class Timestamp implements Instant {
  readonly seconds: number;
  readonly nanos: number;

  constructor(seconds: number, nanos: number) {
    this.seconds = seconds;
    this.nanos = nanos;
  }

  /** RFC 3339 in UTC, with three, six or nine digits of the fraction. */
  toString(): string {
    if (Math.abs(this.seconds) >= shownSecondsMax) return `${this.seconds} s after 1970`;
    const fraction = String(this.nanos)
      .padStart(9, "0")
      .replace(/(000){1,2}$/, "");
    return `${new Date(this.seconds * 1_000).toISOString().slice(0, -4)}${fraction}Z`;
  }
}
