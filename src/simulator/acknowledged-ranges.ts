import type { OffsetRun } from "../core/offset-run.ts";

/**
 * Which offsets of one partition the broker acknowledged. Consecutive batches make one range; another producer's
 * records in between make a new one.
 */
export class AcknowledgedRanges {
  /** Records acknowledged, with or without an offset. */
  count = 0;
  /** Records acknowledged without an offset: acks=0, or a repeat that the broker knew but no longer where. */
  withoutOffset = 0;
  readonly ranges: OffsetRun[] = [];

  add(firstOffset: number, recordCount: number): void {
    this.count += recordCount;
    if (firstOffset < 0) {
      this.withoutOffset += recordCount;
      return;
    }
    const last = this.ranges[this.ranges.length - 1];
    if (last !== undefined && last.last + 1 === firstOffset) last.last += recordCount;
    else this.ranges.push({ first: firstOffset, last: firstOffset + recordCount - 1 });
  }
}
