import { type PartitionRange, partitionKey } from "../../core/topic-partition.ts";

const RANGES_SHOWN = 5;

/** Where the records of a bundle are, for people: `logs.auth:0, offsets 10 to 19; logs.auth:1, offsets 0 to 9`. */
export function rangesText(ranges: readonly PartitionRange[]): string {
  const shown = ranges
    .slice(0, RANGES_SHOWN)
    .map((range) => `${partitionKey(range)}, offsets ${range.firstOffset} to ${range.lastOffset}`)
    .join("; ");
  return ranges.length > RANGES_SHOWN ? `${shown}; and ${ranges.length - RANGES_SHOWN} more partitions` : shown;
}
