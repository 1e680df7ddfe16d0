import type { TopicPartition } from "./topic-partition.ts";

/** One Kafka record batch as the broker sent it, still compressed, with the offsets it covers. */
export interface RawBatch extends TopicPartition {
  /**
   * The first offset that this batch answers for: records between it and `baseOffset` do not exist (compaction, aborted
   * transactions). Where the fetch began, or after the batch before.
   */
  fetchOffset: number;
  /** First offset of the batch; a fetch that starts inside a batch still gets the whole batch. */
  baseOffset: number;
  lastOffset: number;
  /** From the batch header. At least the number of records; fewer may lie in range. */
  recordCount: number;
  /**
   * The whole batch, header included, or nothing for a batch that does not count (its transaction was taken back): a view
   * into the fetch response, whose memory is used again or freed. To be copied by whoever takes the batch, before the call
   * that hands it over returns.
   */
  bytes: Uint8Array;
  /** When the main thread received it, ms since 1970. */
  receivedMs: number;
}
