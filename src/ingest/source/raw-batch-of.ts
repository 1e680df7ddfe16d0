import type { RawBatch } from "../../core/raw-batch.ts";
import type { TopicPartition } from "../../core/topic-partition.ts";
import type { FetchedBatch } from "./fetched-batch.ts";

/** A batch as the pipeline takes it, its bytes not copied. `fetchOffset`: the first offset that it answers for. */
export function toRawBatch(
  { topic, partition }: TopicPartition,
  batch: FetchedBatch,
  receivedMs: number,
  fetchOffset: number,
): RawBatch {
  const { firstOffset: baseOffset, lastOffset, isAborted } = batch;
  return {
    topic,
    partition,
    fetchOffset,
    baseOffset,
    lastOffset,
    recordCount: isAborted ? 0 : batch.recordCount,
    bytes: isAborted ? batch.bytes.subarray(0, 0) : batch.bytes,
    receivedMs,
  };
}
