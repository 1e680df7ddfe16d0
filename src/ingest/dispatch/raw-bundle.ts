import type { BatchSpan } from "../../codec/task.ts";
import type { OffsetRun } from "../../core/offset-run.ts";
import type { PartitionRange } from "../../core/topic-partition.ts";

/** A batch of a range, and where in the bundle's buffers its bytes lie. */
export interface RangeBatch extends BatchSpan {
  /** From the batch header: at least the number of records in range. */
  recordCount: number;
}

/** Offsets of one partition, both included, and the raw batches that have their records. */
export interface RawRange extends PartitionRange {
  /** Ascending. The first may begin before the range, the last may end after it. None: its records are gone. */
  batches: RangeBatch[];
  /** Of a range that was announced: offsets whose records are gone. Ascending. */
  lost?: readonly OffsetRun[];
  /** With its topic, which somebody has deleted: nobody misses them. */
  isGone?: true;
  /** Its log has holes that compaction makes: records that were there when it was announced may be gone. */
  hasHoles?: boolean;
}

/** Ranges of different partitions of one pipeline that become one block of rows, ready for a worker. */
export interface RawBundle {
  /** Of the table plan that its records are for. */
  planKey: string;
  /** In the order of compareTopicPartitions, which is that of their rows. */
  ranges: RawRange[];
  buffers: ArrayBuffer[];
  /** Of all batches. */
  byteLength: number;
  /** From the batch headers: an upper bound of the records in the ranges. */
  recordCount: number;
  /** The time that lateness is judged by, ms since 1970: now, or that of the bundle's first reading. */
  judgedMs: number;
}
