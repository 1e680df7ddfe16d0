import type { RawBatch } from "../../core/raw-batch.ts";
import { partitionKey, type TopicPartition } from "../../core/topic-partition.ts";
import type { RawMessage } from "./raw-kafkajs.ts";

/** kafkajs stops resolving offsets in JS numbers here too: 2^53 records in one partition do not happen. */
const OFFSET_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** A batch as kafkajs' fetch yields it here, its bytes not copied. `fetchOffset`: the first offset that it answers for. */
export function toRawBatch(
  { topic, partition }: TopicPartition,
  message: RawMessage,
  receivedMs: number,
  fetchOffset: number,
): RawBatch {
  const lastOffset = BigInt(message.offset);
  if (lastOffset > OFFSET_MAX) {
    throw new RangeError(`Offset ${lastOffset} of ${partitionKey({ topic, partition })} is above ${OFFSET_MAX}`);
  }
  return {
    topic,
    partition,
    fetchOffset,
    baseOffset: Number(message.batchContext.firstOffset),
    lastOffset: Number(lastOffset),
    recordCount: message.isAborted ? 0 : message.batchContext.count,
    bytes: message.isAborted ? message.value.subarray(0, 0) : message.value,
    receivedMs,
  };
}
